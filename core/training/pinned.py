"""A few validation questions that a run answers at each evaluation, so that a person sees it learn. What it answered stands in its run folder, a line
an evaluation: it is there after a reload, a restart or a kill, goes into a saved project, and is starred when a person is erased."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.files import write_atomically

PINNED_FILE, WISH_FILE = "pinned.jsonl", "pinned.json"
PINS = 4
_READ_BYTES = 1 << 20  # the newest; a page shows no more


@dataclass(frozen=True)
class PinnedAnswer:
    """What was answered at an evaluation; `score` is the task's own, from 0 to 1."""

    step: int
    text: str
    score: float


@dataclass(frozen=True)
class PinnedQuestion:
    """A validation row with its answers until now, oldest first."""

    question: str
    wanted: str
    answers: tuple[PinnedAnswer, ...] = ()


@dataclass(frozen=True)
class Pin:
    """A question that is asked and the answer that its row has."""

    question: str
    wanted: str


class PinnedLog:
    """Writes for the child. A line that a kill cut short is left behind as a line of its own, which no reader takes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / PINNED_FILE
        self._said: tuple[Pin, ...] = ()

    def write(self, pins: Sequence[Pin], step: int, answers: Sequence[tuple[str, float]]) -> None:
        """The questions stand in front of their first answers only. Raises OSError (disk full …)."""
        lines: list[dict[str, Any]] = [{"step": step, "said": [text for text, _ in answers], "scores": [score for _, score in answers]}]
        if tuple(pins) != self._said:
            lines.insert(0, {"pins": [[pin.question, pin.wanted] for pin in pins]})
            self._said = tuple(pins)
        begin = b"" if _ends_whole(self._path) else b"\n"
        with self._path.open("ab") as file:
            file.write(begin + "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode())


def pinned(folder: Path) -> tuple[PinnedQuestion, ...]:
    """The questions that are pinned now, with all that was answered to them; a step that was gone through twice keeps its last answer."""
    pins: tuple[Pin, ...] = ()
    told: dict[Pin, dict[int, PinnedAnswer]] = {}
    for line in _lines(folder / PINNED_FILE):
        if "pins" in line:
            pins = tuple(Pin(question, wanted) for question, wanted in line["pins"])
            continue
        for pin, text, score in zip(pins, line["said"], line["scores"], strict=False):
            told.setdefault(pin, {})[line["step"]] = PinnedAnswer(line["step"], text, score)
    return tuple(PinnedQuestion(pin.question, pin.wanted, tuple(sorted(told.get(pin, {}).values(), key=lambda one: one.step))) for pin in pins)


def wished(folder: Path) -> tuple[int, ...]:
    """Which rows are to be pinned, as places in the row of all validation rows that the recipe's seed shuffled."""
    try:
        return tuple(int(place) for place in json.loads((folder / WISH_FILE).read_text(encoding="utf-8"))["places"])
    except FileNotFoundError:
        return tuple(range(PINS))


def wish_others(folder: Path, instead_of: int | None = None) -> tuple[int, ...]:
    """Pin the next ones of that row: in place of one (counted from 0), or of all. A running child takes them at its next evaluation."""
    places = list(wished(folder))
    for number in range(len(places)) if instead_of is None else (instead_of,):
        places[number] = max(places) + 1
    write_atomically(folder / WISH_FILE, json.dumps({"places": places}).encode())
    return tuple(places)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Whole ones that are ours; where the file is long, its newest part, from the first line that says what is pinned."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _READ_BYTES))
        data = file.read()
    for line in data.split(b"\n"):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and ("pins" in found or {"step", "said", "scores"} <= found.keys()):
            yield found


def _ends_whole(path: Path) -> bool:
    if not path.is_file() or path.stat().st_size == 0:
        return True
    with path.open("rb") as file:
        file.seek(-1, 2)
        return file.read() == b"\n"
