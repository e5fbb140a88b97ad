"""One training: its curves as they grow, what the coach reads in them, and what can be done with it."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.run import RunStatus, RunSummary
from storage.rows import LIVE, JobState
from ui.pages import run_control
from ui.pages.page import Desk, Handler, Outcome, done, text_of, to_run
from ui.pages.run_curves import curve_of, points_of, small_of, step_of, steps_of
from ui.pages.run_story import behind_of, pinned_of
from ui.pages.section import Section
from ui.pages.working import doing, left_of, stop_button
from ui.parts import bar, behind, change, coach, curve, facts, pinned, runs, small_charts
from ui.parts.lead import Lead
from ui.parts.part import Button
from ui.parts.small_charts import MOST_POINTS
from ui.visit import Visit

_GOOD = frozenset({"learning", "settled"})
_BAD = frozenset({"diverging"})


class RunSection(Section):
    name: ClassVar[str] = "run"

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "run_curve": curve.curve(), "run_coach": coach.coach(), "run_bar": bar.bar(), "run_change": change.change(), "run_facts": facts.facts(),
            "run_pinned": pinned.pinned(), "run_small": small_charts.small_charts(), "run_behind": behind.behind(), "run_list": runs.runs(),
        }  # fmt: skip

    def handlers(self) -> Mapping[str, Handler]:
        return {"open-run": _open, "take-advice": _take_advice, "pin-others": _pin_others, **run_control.HANDLERS}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome | None:
        if verb in ("train", "train-longer", "train-changed"):  # what the coach proposed, or one more like it
            return Outcome(desk, to_run(result.id))
        return Outcome(desk, {"step": "data", "view": "checkup"}) if verb == "mend" else None

    def lead(self, visit: Visit, desk: Desk) -> Lead | None:
        words = visit.words
        return _lead(visit, visit.run) if visit.run is not None else Lead(words("train.empty"), words("train.empty_quiet"))

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        """The curves and all that is read from them; notices and plan cards are a handler's."""
        return _growing(visit, desk, visit.run) if visit.run is not None else None

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        status = visit.run
        if status is None:
            return {"run_bar": bar.Bar((Button(visit.words("train.to_method"), "to-method", kind="primary"),))}
        shown = {**_growing(visit, desk, status), "run_behind": behind_of(visit, status.run.id), **self.failure(visit, desk, status.job)}
        if desk.plan is None:
            shown["run_change"] = run_control.change_of(visit, status)
        if len(visit.runs) > 1:
            shown["run_list"] = _runs(visit, visit.runs, status.run.id)
        return shown


def _growing(visit: Visit, desk: Desk, status: RunStatus) -> dict[str, Any]:
    drawn = curve_of(visit, status) if status.curves or status.job.state in LIVE else None
    shown = {
        "run_curve": drawn, "run_facts": _facts(visit, status), "run_pinned": pinned_of(visit, status.run.id),
        "run_small": small_of(visit, status), "run_coach": _coach(visit, status) if status.curves else None,
    }  # fmt: skip
    return shown if desk.plan is not None else {**shown, "run_bar": run_control.bar_of(visit, status)}


def _lead(visit: Visit, status: RunStatus) -> Lead:
    words, state = visit.words, status.job.state
    how = status.reading.how.value
    if state is JobState.QUEUED:
        return Lead(words("train.waits"), doing(visit, status.job))
    if state is JobState.PAUSED:
        return Lead(words("train.ended.paused"), words("train.paused_at", step=step_of(status) or 0))
    if state is JobState.RUNNING and not status.curves:
        return Lead(words("train.starting"), doing(visit, status.job))
    if state in LIVE:
        return Lead(words(f"train.{state.value}") if state is not JobState.RUNNING else words(f"train.how.{how}"), _now(visit, status))
    kept = words("train.kept", step=status.run.best_step) if status.run.best_step is not None and status.has_model else words("train.kept_nothing")
    ended = "stopped_early" if state is JobState.STOPPED and not status.has_model else state.value
    return Lead(words(f"train.ended.{ended}"), kept)


def _now(visit: Visit, status: RunStatus) -> str:
    words, said = visit.words, []
    if (at := step_of(status)) is not None:
        said.append(words("train.step", step=at, steps=steps_of(status)) if steps_of(status) else words("train.step_only", step=at))
    if left := left_of(visit, status.job):
        said.append(left)
    key = (status.job.message or "").partition("|")[0]
    if key and key != "training":
        said.append(doing(visit, status.job))
    return " · ".join(said)


def _coach(visit: Visit, status: RunStatus) -> coach.Coach:
    """While it runs, what helps at once is to stop; once it has ended, the coach's proposal is a button that opens its plan."""
    words, how, offer, button = visit.words, status.reading.how.value, status.offer, None
    if run_control.pays_to_stop(status):
        button = stop_button(visit, status.job, words("train.stop"))
    elif status.job.state not in LIVE and offer is not None:
        button = Button(words.say(offer.said), "take-advice", {"run": status.run.id})
    level = "good" if how in _GOOD else "bad" if how in _BAD else "calm" if how == "early" else "warn"
    return coach.Coach(level, words("train.coach"), words.say(status.reading.said), button=button)


def _facts(visit: Visit, status: RunStatus) -> list[facts.Fact] | None:
    words, shown = visit.words, []
    if status.job.state in LIVE and status.job.seconds_left is not None:
        shown.append(facts.Fact(words("train.left"), words.time(status.job.seconds_left), words("train.left_note")))
    if status.tokens_per_second:
        shown.append(facts.Fact(words("train.speed"), words.number(status.tokens_per_second), words("train.speed_note"), "tokens per second"))
    told = points_of(status, "memory_bytes", MOST_POINTS)  # the last of the small chart, so that both say the same
    if memory := told[-1][1] if told else status.memory_bytes:
        shown.append(facts.Fact(words("train.memory"), words.size(memory), "", "resident set size"))
    if status.reading.best_loss is not None:
        shown.append(
            facts.Fact(
                words("train.lowest"),
                words.number(status.reading.best_loss, 3),
                words("train.lowest_note", step=status.reading.best_step),
                "validation loss",
            )
        )
    return shown or None


def _runs(visit: Visit, known: tuple[RunSummary, ...], open_: str) -> runs.Runs:
    words = visit.words
    items = []
    for one in known:
        loss = words("train.run_loss", loss=one.run.best_loss) if one.run.best_loss is not None else ""
        note = " · ".join(filter(None, [words(f"state.{one.state.value}"), loss]))
        items.append(runs.Item(one.run.name, note, one.run.id == open_, (Button(words("train.open"), "open-run", {"run": one.run.id}),)))
    return runs.Runs(words("train.runs"), words("train.runs_count", count=len(known)), tuple(items))


def _open(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Of another project too, where one is named: all that a person has at work waits in one queue."""
    project = text_of(values, "project", 64)
    return Outcome(desk, to_run(text_of(values, "run", 64), **({"project": project} if project else {})))


def _pin_others(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    number = values.get("instead_of")
    visit.do("pin-others", run=text_of(values, "run", 64), instead_of=number if isinstance(number, int) else None)
    return Outcome(done(visit, desk, "run", "train.pinned.changed"))


def _take_advice(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """The proposal is read anew: the browser names the run only. Raises Asking, which shows the plan card."""
    status: RunStatus = visit.do("run", run=text_of(values, "run", 64))
    offer = status.offer
    if offer is None:
        return Outcome(desk)
    if offer.verb == "method":
        return Outcome(desk, {"step": "method"})
    if offer.verb == "split":
        return Outcome(desk, {"step": "data", "view": "split", "dataset": status.run.dataset})
    visit.do(offer.verb, **offer.values)
    return Outcome(desk, {"step": "data", "view": "checkup", "dataset": status.run.dataset})
