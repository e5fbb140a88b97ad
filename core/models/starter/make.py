"""Make the starter: `python -m core.models.starter.make --corpus DIR --work DIR --out DIR --minutes N`, or with --tiny a small one for tests.

The work folder keeps the tokenizer, the encoded text and the checkpoint; the same command goes on from there after an interruption.
"""

from __future__ import annotations

import argparse
import dataclasses
import logging
import random
import signal
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from core.models.starter.corpus import Document, read_corpus, weight_of
from core.models.starter.exercises import exercises

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from core.models.starter.pretrain import Plan, Progress
    from core.models.starter.shelf import Shelf

log = logging.getLogger(__name__)
EXERCISES = 120_000


def main(arguments: list[str] | None = None) -> None:
    """The command. Writes the model's folder to --out."""
    parser = _parser()
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    if options.tiny:
        from core.models.starter.tiny import make_tiny

        make_tiny(options.out, options.seed)
        return
    if options.corpus is None:
        parser.error("--corpus is needed, except with --tiny")
    from core.models.starter.folder import write_model
    from core.models.starter.network import Size
    from core.models.starter.pretrain import Plan, Pretraining

    work = options.work or options.out.with_name(options.out.name + "-work")
    work.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer(options.corpus, work, Size().vocab_size, options.seed)
    shelf = _shelf(options.corpus, work, tokenizer, options.seed)
    plan = Plan(budget_s=60.0 * options.minutes, threads=options.threads, seed=options.seed, pause_file=options.pause_file)
    training = Pretraining(Size(), shelf, work, _until(plan, options.until))
    signal.signal(signal.SIGTERM, lambda *_: setattr(training, "stop_asked", True))
    network = training.run(_Teller())
    if training.stop_asked:
        return
    write_model(network, tokenizer, options.out, card=Path(__file__).with_name("card.md").read_text(encoding="utf-8"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core.models.starter.make", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the finished model")
    parser.add_argument("--corpus", type=Path, help="folder with plain, dialogue and instruct .jsonl.xz")
    parser.add_argument("--work", type=Path, help="folder of tokenizer, encoded text and checkpoint (default: OUT-work)")
    end = parser.add_mutually_exclusive_group()
    end.add_argument("--minutes", type=float, default=60.0, help="time to train, pauses not counted")
    end.add_argument("--until", help="time of day, HH:MM, at which the training is over, pauses or not")
    parser.add_argument("--pause-file", type=Path, help="while this file exists the training waits")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tiny", action="store_true", help="a tiny working model from generated text only, in a minute")
    return parser


def _until(plan: Plan, clock: str | None) -> Plan:
    if clock is None:
        return plan
    now = datetime.now()
    hour, minute = map(int, clock.split(":"))
    end = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    end += timedelta(days=1) if end <= now else timedelta()
    return dataclasses.replace(plan, budget_s=(end - now).total_seconds(), ends_on_clock=True)


def _tokenizer(corpus: Path, work: Path, vocab_size: int, seed: int) -> Tokenizer:
    from tokenizers import Tokenizer

    from core.models.starter.tokenizer import learn_tokenizer

    path = work / "tokenizer.json"
    if not path.is_file():
        started = time.monotonic()
        learn_tokenizer(_sample(corpus, seed), vocab_size).save(str(path))
        log.info("tokenizer learned in %.0f s", time.monotonic() - started)
    return Tokenizer.from_file(str(path))


def _sample(corpus: Path, seed: int) -> Iterator[str]:
    """Each document as often as its weight says, at most once, so that merges serve the text that is met most."""
    rng = random.Random(seed)
    for document in _training_documents(corpus, seed):
        if rng.random() < weight_of(document.source, late=False) / 2:
            yield document.text or "\n".join(content for _, content in document.turns)


def _training_documents(corpus: Path, seed: int) -> Iterable[Document]:
    for document in read_corpus(corpus):
        if not document.held_out:
            yield document
    yield from exercises(EXERCISES // 6, seed + 1)


def _shelf(corpus: Path, work: Path, tokenizer: Tokenizer, seed: int) -> Shelf:
    from core.models.starter.shelf import Shelf

    made = {"corpus.npz": lambda: read_corpus(corpus), "exercises.npz": lambda: exercises(EXERCISES, seed)}
    shelves = []
    for name, documents in made.items():
        if not (work / name).is_file():
            started = time.monotonic()
            Shelf.encode(documents(), tokenizer).save(work / name)
            log.info("%s encoded in %.0f s", name, time.monotonic() - started)
        shelves.append(Shelf.load(work / name))
    return shelves[0].joined(shelves[1])


class _Teller:
    """Logs how the training goes: step, tokens, tokens a second since the last line, smoothed loss."""

    def __init__(self) -> None:
        self.before: tuple[float, int] | None = None

    def __call__(self, progress: Progress) -> None:
        seconds, tokens = self.before or (progress.elapsed_s, progress.tokens)
        speed = (progress.tokens - tokens) / max(progress.elapsed_s - seconds, 1e-9)
        self.before = (progress.elapsed_s, progress.tokens)
        log.info(
            "step %d  %.2f M tokens  %.0f tokens/s  loss %.3f  %.0f s", progress.step, progress.tokens / 1e6, speed, progress.loss, progress.elapsed_s
        )


if __name__ == "__main__":
    main()
