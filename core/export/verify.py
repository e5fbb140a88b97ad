"""Asks the tuned model and the exported one the same test rows and compares: tokens, numbers, answers, metric, speed."""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.layout import Layout, with_columns
from core.errors import UserError
from core.export.certificate import AnswerCheck, Findings, LogitCheck, Speed, TokenizerCheck
from core.export.prompts import Chat, leading_turns, renders_alike, text_around
from core.export.rows import Rows
from core.export.scores import score_of
from core.inference.base import Backend, Options
from core.models.reference import Backend as BackendName
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Task, Turn

if TYPE_CHECKING:
    import numpy
    from transformers import PreTrainedTokenizerBase

    from core.inference.transformers_backend import TransformersBackend

_LOGIT_ROWS = 32
_LOGIT_TOKENS = 256  # of a row
_LOGIT_S = 60.0  # the exported model is read token by token, as it writes
_LOGIT_BYTES = 512 << 20  # of the tuned model's numbers, kept on disk so that the two models are never in memory together
_SPEED_ROWS = 8
_SPEED_TOKENS = 32
_SPEED_S = 5.0  # no longer than this for one model
_TEMPLATE_ROWS = 20

Told = Callable[[float], None]  # the share of the check that is done
Stop = Callable[[], bool]


@dataclass(frozen=True)
class Asked:
    """The questions as turns, the stored answers, and how an answer is restricted and restored."""

    task: Task
    known: tuple[str, ...]
    prompts: tuple[tuple[Turn, ...], ...]
    references: tuple[str, ...]
    constraint: Constraint | None

    @classmethod
    def of(cls, task: Task, rows: Rows, layout: Layout | None = None) -> "Asked":
        knowing = task.knowing(rows.known)
        prompts = tuple(tuple(with_columns(knowing.prompt_turns(question.turns), question.original, layout)) for question in rows.questions)
        return cls(knowing, rows.known, prompts, tuple(question.answer for question in rows.questions), knowing.constraint(rows.known))

    @property
    def options(self) -> Options:
        return Options(self.task.max_new_tokens, self.constraint)


@dataclass(frozen=True)
class Tuned:
    """What the tuned model said: answers in order, the ids whose logits lie in `logit_folder`, and its speed."""

    answers: tuple[str, ...]
    logit_ids: tuple[tuple[int, ...], ...]
    tokens_per_second: float


def load_tuned(reference: ModelReference, threads: int) -> "TransformersBackend":
    """An adapter stays beside its base, so that a wrong merge is found by the comparison."""
    import torch

    from core.inference.transformers_backend import TransformersBackend
    from core.methods.base import method
    from core.models.load import load_base, load_tokenizer

    torch.set_num_threads(threads)
    model = load_base(reference.base or reference.folder)
    if reference.base is not None:
        model = method(reference.method).load(model, reference.folder)
    return TransformersBackend(model.eval(), load_tokenizer(reference.folder))


def ask_tuned(reference: ModelReference, asked: Asked, scratch: Path, threads: int, told: Told, stop: Stop) -> Tuned:
    """Answers and logits of the tuned model; it is let go before this returns."""
    backend = load_tuned(reference, threads)
    answers = backend.generate(asked.prompts, asked.options, told=lambda done, of: told(0.4 * done / max(1, of)), stop=stop)
    ids = _ids_for_logits(backend, asked)
    _keep_logits(backend, ids, scratch, stop)
    told(0.5)
    speed = _tokens_per_second(backend, asked.prompts[:_SPEED_ROWS], backend.tokenizer, stop)
    del backend
    gc.collect()
    return Tuned(tuple(answers), ids, speed)


def check(
    package: Path, asked: Asked, tuned: Tuned, tokenizer: "PreTrainedTokenizerBase", scratch: Path, threads: int, told: Told, stop: Stop
) -> tuple[Findings, Chat]:
    """Load the exported model as the app does and compare. A model that does not load is a finding, not an error."""
    from core.inference.base import load

    chat = _chat_without_package(asked, tokenizer)
    try:
        backend = load(ModelReference(name="package", folder=package, backend=BackendName.GENAI), threads)
        raw = _package_tokenizer(package)
    except (UserError, RuntimeError, OSError, ValueError) as error:
        return Findings(load_failure=" ".join(str(error).split())[:300]), chat
    chat = _chat(chat, raw, tokenizer, asked, package)
    tokens = _compare_tokens(raw, tokenizer, asked)
    if not asked.prompts:
        return Findings(tokenizer=tokens), chat
    answers = backend.generate(asked.prompts, asked.options, told=lambda done, of: told(0.5 + 0.4 * done / max(1, of)), stop=stop)
    logits = _compare_logits(backend, tuned.logit_ids, scratch, stop)
    told(0.95)
    speed = _tokens_per_second(backend, asked.prompts[:_SPEED_ROWS], tokenizer, stop)
    return Findings(
        tokenizer=tokens,
        logits=logits,
        answers=AnswerCheck(rows=len(answers), equal=sum(a == b for a, b in zip(answers, tuned.answers, strict=True))),
        metric=asked.task.headline_metric,
        tuned=score_of(_scores(asked, tuned.answers)),
        exported=score_of(_scores(asked, answers)),
        speed=Speed(tuned=tuned.tokens_per_second, exported=speed, questions=len(asked.prompts[:_SPEED_ROWS]), threads=threads),
    ), chat


def _scores(asked: Asked, answers: Sequence[str]) -> list[float]:
    restored = [asked.task.restore(answer, asked.known) for answer in answers]
    return [asked.task.score(answer, reference) for answer, reference in zip(restored, asked.references, strict=True)]


def _ids_for_logits(backend: "TransformersBackend", asked: Asked) -> tuple[tuple[int, ...], ...]:
    """Question and right answer, cut to what the model reads."""
    from core.inference.rendering import answer_ids

    chosen = range(min(_LOGIT_ROWS, len(asked.prompts)))
    targets = [asked.task.target(asked.references[row]) for row in chosen]
    answers = answer_ids(backend.tokenizer, targets, backend.ends)
    return tuple(tuple([*backend.prompt_ids(asked.prompts[row]), *answers[row]][: min(backend.limit - 1, _LOGIT_TOKENS)]) for row in chosen)


def _keep_logits(backend: Backend, rows: Sequence[Sequence[int]], scratch: Path, stop: Stop) -> None:
    import numpy

    room = _LOGIT_BYTES
    for number, ids in enumerate(rows):
        if stop() or room <= 0:
            return
        logits = backend.logits_of(ids)
        numpy.save(_logit_file(scratch, number), logits)
        room -= logits.nbytes


def _compare_logits(backend: Backend, rows: Sequence[Sequence[int]], scratch: Path, stop: Stop) -> LogitCheck | None:
    import numpy

    largest, total, count, positions, compared = 0.0, 0.0, 0, 0, 0
    began = time.perf_counter()
    for number, ids in enumerate(rows):
        file = _logit_file(scratch, number)
        if stop() or not file.is_file() or time.perf_counter() - began > _LOGIT_S:
            break
        difference = numpy.abs(_padded(backend.logits_of(ids), expected := numpy.load(file)) - expected)
        found = float(difference.max())
        largest = found if found != found else max(largest, found)
        total, count = total + float(difference.sum(dtype=numpy.float64)), count + difference.size
        positions, compared = positions + len(ids), compared + 1
    if not compared:
        return None
    return LogitCheck(rows=compared, positions=positions, largest=largest, mean=total / count)


def _padded(logits: "numpy.ndarray", like: "numpy.ndarray") -> "numpy.ndarray":
    """Some builders round the vocabulary up; what is beyond the tuned model's has no counterpart."""
    return logits[:, : like.shape[1]]


def _logit_file(scratch: Path, number: int) -> Path:
    return scratch / f"logits-{number}.npy"


def _tokens_per_second(backend: Backend, prompts: Sequence[Sequence[Turn]], tokenizer: "PreTrainedTokenizerBase", stop: Stop) -> float:
    """Read and written, one question at a time, without a constraint. The first question warms up and is not counted."""
    if not prompts:
        return 0.0
    options, tokens, seconds = Options(_SPEED_TOKENS), 0, 0.0
    for number, prompt in enumerate((prompts[0], *prompts)):
        began = time.perf_counter()
        over = partial(_is_over, began + _SPEED_S - seconds, stop)
        text = "".join(backend.stream(prompt, options, stop=over))
        if number > 0:
            seconds += time.perf_counter() - began
            tokens += len(backend.prompt_ids(prompt)) + len(tokenizer(text, add_special_tokens=False)["input_ids"])
        if stop() or seconds > _SPEED_S:
            break
    return tokens / seconds if seconds else 0.0


def _is_over(until: float, stop: Stop) -> bool:
    return stop() or time.perf_counter() > until


def _package_tokenizer(package: Path) -> Any:
    import onnxruntime_genai

    return onnxruntime_genai.Tokenizer(onnxruntime_genai.Model(str(package)))


def _compare_tokens(raw: Any, tokenizer: "PreTrainedTokenizerBase", asked: Asked) -> TokenizerCheck:
    """Every rendered question and every answer that can be written, by the package's own tokenizer; and answers read back as they were."""
    from core.inference.rendering import prompt_text

    choices = asked.constraint.choices if asked.constraint else ()
    targets = choices or [asked.task.target(reference) for reference in asked.references]
    texts = [prompt_text(tokenizer, prompt) for prompt in asked.prompts]
    different = [text for text in texts if list(raw.encode(text)) != tokenizer(text, add_special_tokens=False)["input_ids"]]
    for text in targets:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        # genai 0.14.1 ends the process when it decodes nothing
        if ids and (list(raw.encode(text)) != ids or raw.decode(ids) != tokenizer.decode(ids, skip_special_tokens=True)):
            different.append(text)
    rows = len(texts) + len(targets)
    return TokenizerCheck(rows=rows, equal=rows - len(different), first_difference=different[0][:200] if different else None)


def _chat_without_package(asked: Asked, tokenizer: "PreTrainedTokenizerBase") -> Chat:
    from core.inference.guidance import guidance
    from core.inference.rendering import end_ids

    leading = leading_turns(asked.prompts)
    before, after = text_around(tokenizer, leading)
    allowed = guidance(asked.constraint, tokenizer, end_ids(tokenizer, None))
    most = asked.task.max_new_tokens
    return Chat(turns=leading, template=False, before=before, after=after, guidance=allowed, max_new_tokens=most, context=1 << 20)


def _chat(chat: Chat, raw: Any, tokenizer: "PreTrainedTokenizerBase", asked: Asked, package: Path) -> Chat:
    import json

    questions = [prompt[-1].content for prompt in asked.prompts[:_TEMPLATE_ROWS] if prompt] or ["?"]
    context = json.loads((package / "genai_config.json").read_text(encoding="utf-8"))["model"]["context_length"]
    return chat.model_copy(update={"template": renders_alike(raw, tokenizer, chat.turns, questions), "context": context})
