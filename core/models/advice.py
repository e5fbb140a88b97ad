"""What a model cannot do, said before the start, and the smallest of the catalogue that can."""

from dataclasses import dataclass

from core.models.catalogue import Entry, catalogue
from core.models.installed import STARTER, Shape
from core.sentence import Sentence

_WRITES_FROM = 300_000_000  # parameters: below, free text of more than a few words does not hold together
_WRITING = frozenset({"generation", "summarisation"})


@dataclass(frozen=True)
class Advice:
    """`suited` says whether the model can be expected to do the task; `better` names another one where it cannot."""

    suited: bool
    said: Sentence
    better: Entry | None = None


def advise_model(task: str, model: Shape, *, minutes: float | None = None) -> Advice:
    """`minutes` is what a training with the better model takes on this machine, where that was measured."""
    if task not in _WRITING or model.parameters >= _WRITES_FROM:
        return Advice(True, _fits(task, model))
    better = next(entry for entry in catalogue().model if task in entry.good_for)
    facts = {
        "model": model.name, "better": better.name, "languages": ", ".join(better.languages), "licence": better.licence,
        "size_gb": better.download_bytes / 1e9, "minutes": minutes,
    }  # fmt: skip
    measured = "about {minutes:.0f} minutes on this machine" if minutes is not None else "its minutes on this machine are not measured yet"
    gated = " It is gated: a free account and a token are needed." if better.gated else ""
    if model.name == STARTER:
        key = "advice.starter_cannot_write"
        opening = (
            "The starter is too small to write texts or summaries of its own: it learns to sort, to copy fields and to give short fixed answers."
        )
    else:
        key, opening = "advice.model_cannot_write", "'{model}' is too small to write texts or summaries of its own."
    rest = f" The smallest model that fits is {{better}} ({{languages}}; {{licence}}; {{size_gb:.1f}} GB to download; {measured}).{gated}"
    return Advice(False, Sentence(key if minutes is None else f"{key}_measured", opening + rest, facts), better)


def _fits(task: str, model: Shape) -> Sentence:
    if model.name == STARTER:
        return Sentence("advice.starter_fits", "The starter fits: it learns quickly to sort and to copy fields from short English texts.")
    return Sentence("advice.model_fits", "'{model}' fits this task.", {"model": model.name})
