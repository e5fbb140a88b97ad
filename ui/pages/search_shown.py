"""How a search reads on the screen: its first sentence, the picture of its trials, what mattered, and its best."""

import math
from collections.abc import Callable

from core.actions.search import SearchStatus
from storage.rows import LIVE, JobState
from ui.parts import coach, coordinates, influence
from ui.parts.lead import Lead
from ui.words import Words

_LOSS = "validation loss"
_DIGITS = 3


def lead_of(words: Words, status: SearchStatus) -> Lead:
    """Where the search stands, and what is best until now."""
    tried, job = sum(trial.ending != "at_work" for trial in status.trials), status.job
    quiet = _better(words, status)
    if job.state in LIVE:
        return Lead(
            words("search.trying", done=tried, trials=status.settings.trials), quiet or words("search.trying_quiet"), term="hyperparameter search"
        )
    if status.winner is None:
        return Lead(words("search.found_nothing"), words("search.empty_quiet"))
    key = "search.found" if job.state is JobState.DONE else "search.broken_off"
    return Lead(words(key, count=tried), quiet)


def _better(words: Words, status: SearchStatus) -> str:
    best, start = status.winner, status.start
    if best is None:
        return ""
    if start is None or not start.losses:
        return words("search.start_failed", loss=best.best)
    if start.number == best.number:
        return words("search.best_is_start", loss=best.best)
    return words("search.better", loss=best.best, before=start.best)


def winner(words: Words, status: SearchStatus) -> coach.Coach:
    """The best one's settings."""
    best = status.winner
    assert best is not None
    chosen = " · ".join(f"{short(words, found.name)} {words.exact(best.values[found.name])}" for found in status.settings.ranges)
    text = words("search.winner", number=best.number, settings=chosen)
    return coach.Coach("good", words("search.winner_title"), text, words("search.winner_title"))


def picture(words: Words, status: SearchStatus) -> coordinates.Coordinates | None:
    """None before the first loss. A trial without any evaluation has no place on the last axis and is left out."""
    shown = [trial for trial in status.trials if trial.losses]
    if not shown:
        return None
    losses = [trial.best for trial in shown]
    low, high = min(losses), max(losses)
    # Losses far above the others would press these together: the scale is that of logarithms.
    goal = _Scale(low, high, log=low > 0)
    scales = [_Scale(found.low, found.high, log=found.log, among=found.among) for found in status.settings.ranges]
    names = [found.name for found in status.settings.ranges]
    axes = [coordinates.Axis(short(words, name), name, scale.marks(words.exact)) for name, scale in zip(names, scales, strict=True)]
    axes.append(coordinates.Axis(words("search.loss"), _LOSS, goal.marks(lambda value: words.number(value, _DIGITS))))
    best = status.winner
    lines = []
    for trial in sorted(shown, key=lambda trial: (best is not None and trial.number == best.number, trial.number)):
        kind = "best" if best is not None and trial.number == best.number else _KIND.get(str(trial.ending), "whole")
        said = ", ".join(f"{name} {words.exact(trial.values[name])}" for name in names)
        label = words("search.line", number=trial.number, settings=said, loss=trial.best)
        at = (*(scale.at(trial.values[name]) for name, scale in zip(names, scales, strict=True)), goal.at(trial.best))
        lines.append(coordinates.Line(at, kind, label))
    kinds = {line.kind for line in lines}
    keys = tuple(coordinates.Key(kind, words(f"search.key.{kind}")) for kind in ("best", "whole", "early", "now") if kind in kinds)
    summary = words("search.summary", count=len(shown), low=low, high=high)
    return coordinates.Coordinates(words("search.picture"), words("search.picture_note"), tuple(axes), tuple(lines), keys, summary)


_KIND = {"early": "early", "at_work": "now"}


def what_mattered(words: Words, status: SearchStatus) -> influence.Influence:
    """Bars once enough is known; the table of all trials always."""
    ordered = sorted(status.importance.items(), key=lambda item: -item[1])
    bars = tuple(
        influence.Bar(words.either(f"field.{name}", status.said[name]).removesuffix("."), name, share, words.percent(share, 0)) for name, share in ordered
    )  # fmt: skip
    names = [found.name for found in status.settings.ranges]
    heads = (words("search.number"), *(short(words, name) for name in names), words("search.loss"), words("search.how"), words("search.took"))
    best = status.winner
    rows = tuple(
        influence.Row(
            (
                words.number(trial.number), *(words.exact(trial.values[name]) for name in names),
                words.number(trial.best, _DIGITS) if trial.losses else "", words(f"search.ending.{trial.ending.value}"), words.time(trial.seconds),
            ),
            best is not None and trial.number == best.number,
        )
        for trial in status.trials
    )  # fmt: skip
    return influence.Influence(words("search.mattered"), words("search.mattered_note"), bars, words("search.table", count=len(rows)), heads, rows)


def short(words: Words, name: str) -> str:
    """A setting in two or three words; the field's own name where there are none."""
    return words.either(f"search.short.{name}", name.replace("_", " "))


class _Scale:
    """From a value to its place on an axis, 0 to 1."""

    def __init__(self, low: float, high: float, *, log: bool = False, among: tuple[float, ...] = ()) -> None:
        self._low, self._high, self._log, self._among = low, high, log, among

    def at(self, value: float) -> float:
        if self._among:
            return self._among.index(value) / max(1, len(self._among) - 1)
        low, high = self._low, self._high
        if high <= low:
            return 0.5
        if self._log:
            low, high, value = math.log(low), math.log(high), math.log(value)
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def marks(self, said: Callable[[float], str]) -> tuple[coordinates.Mark, ...]:
        """One alone where there is one value only."""
        values = self._among or ((self._low, self._middle(), self._high) if self._high > self._low else (self._low,))
        return tuple(coordinates.Mark(self.at(value), said(value)) for value in values)

    def _middle(self) -> float:
        return math.sqrt(self._low * self._high) if self._log else (self._low + self._high) / 2
