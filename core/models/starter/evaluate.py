"""How good a starter is: held-out perplexity by source, and how often it gets an exercise right.

`python -m core.models.starter.evaluate --model DIR --corpus DIR --out FILE` writes a JSON file with both.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch

from core.models.starter.corpus import Document, read_corpus
from core.models.starter.exercises import MAKERS, choose_label, exercises, unseen_scenes
from core.models.starter.folder import read_network
from core.models.starter.network import Network, mean_loss
from core.models.starter.shelf import Ids, Shelf, packed

UNSEEN_SEED = 1_000_003  # no training run uses it
SPAN = 512


def main(arguments: list[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m core.models.starter.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rows", type=int, default=100, help="exercises of each kind")
    options = parser.parse_args(arguments)
    found: dict[str, Any] = {"exercises": right_by_kind(options.model, options.rows)}
    if options.corpus:
        found["perplexity"] = perplexities(options.model, options.corpus)
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def perplexities(model: Path, corpus: Path) -> dict[str, dict[str, float]]:
    """Per source, per kind of generated exercise, and over all of the corpus and of the exercises: tokens predicted and perplexity per token."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    network = read_network(model)
    corpus_rows = Shelf.encode((document for document in read_corpus(corpus) if document.held_out), tokenizer).held_out
    made = Shelf.encode(exercises(1500, UNSEEN_SEED), tokenizer)
    losses = {source: loss_of(network, rows) for source, rows in sorted(corpus_rows.items())}
    generated = {source: loss_of(network, rows) for source, rows in sorted(made.train.items())}
    groups = {"all of the corpus": list(losses.values()), "all generated": list(generated.values())}
    groups |= {part: [value for source, value in losses.items() if source.startswith(part)] for part in ("plain", "dialogue", "instruct")}
    every = {**losses, **generated, **{name: (sum(n for n, _ in many), sum(s for _, s in many)) for name, many in groups.items()}}
    return {name: {"tokens": count, "perplexity": math.exp(total / count)} for name, (count, total) in every.items() if count}


@torch.no_grad()
def loss_of(network: Network, rows: Sequence[Ids]) -> tuple[int, float]:
    """Tokens predicted and the sum of their losses in nats; rows longer than 512 tokens are read in pieces of that length."""
    dtype = network.head.dtype
    pieces = sorted((row[start : start + SPAN] for row in rows for start in range(0, len(row), SPAN)), key=len)
    count, total = 0, 0.0
    for start in range(0, len(pieces), 16):
        group = pieces[start : start + 16]
        batch = packed([[piece] for piece in group], max(len(piece) for piece in group))
        known = int((batch.targets >= 0).sum())
        if known and batch.mask is not None:
            count += known
            total += known * float(mean_loss(network, batch.ids, batch.targets, batch.mask.to(dtype)))
    return count, total


def right_by_kind(model: Path, rows: int) -> dict[str, float]:
    """Share of exercises of each kind answered word for word; the texts are new, the templates are those of the training.

    The last line is about a scene that is never trained on; its labels are listed in the message.
    """
    rng = random.Random(UNSEEN_SEED)
    kinds = {kind: [maker(rng) for _ in range(rows)] for kind, (maker, _) in MAKERS.items() if kind not in ("other words",)}
    kinds["choose label, unseen scene"] = [choose_label(rng, unseen_scenes()) for _ in range(rows)]
    return {kind: share_right(model, conversations) for kind, conversations in kinds.items()}


def share_right(model: Path, conversations: Iterable[tuple[tuple[str, str], ...]]) -> float:
    """Share of conversations whose last answer the model writes word for word, greedily."""
    asked = [Document("", turns) for turns in conversations]
    answers = written(model, [document.turns[:-1] for document in asked])
    return sum(answer == document.turns[-1][1] for answer, document in zip(answers, asked, strict=True)) / len(asked)


@torch.no_grad()
def written(model: Path, questions: Sequence[tuple[tuple[str, str], ...]], longest: int = 80) -> list[str]:
    """The model's greedy answers, one for each conversation that ends with the user."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model, use_safetensors=True, trust_remote_code=False, dtype=torch.float32).eval()
    by_length: dict[int, list[int]] = defaultdict(list)
    prompts = [
        tokenizer.apply_chat_template([{"role": role, "content": content} for role, content in turns], add_generation_prompt=True, tokenize=False)
        for turns in questions
    ]
    for number, prompt in enumerate(prompts):
        by_length[len(prompt) // 40].append(number)
    answers = [""] * len(prompts)
    for numbers in by_length.values():
        for start in range(0, len(numbers), 32):
            group = numbers[start : start + 32]
            batch = tokenizer([prompts[n] for n in group], return_tensors="pt", padding=True, add_special_tokens=False)
            ids = network.generate(input_ids=batch.input_ids, attention_mask=batch.attention_mask, max_new_tokens=longest, do_sample=False)
            for number, row in zip(group, ids[:, batch.input_ids.shape[1] :], strict=True):
                answers[number] = str(tokenizer.decode(row, skip_special_tokens=True))
    return answers


if __name__ == "__main__":
    main()
