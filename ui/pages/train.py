"""Train: the curves as they grow, what the coach reads in them, and how to stop and keep the best."""

from collections.abc import Mapping
from typing import Any, ClassVar

import gradio as gr

from core.actions.run import RunStatus, RunSummary
from storage.rows import LIVE, JobState
from ui.pages.page import Desk, Handler, Outcome, Page, text_of
from ui.pages.working import doing, failure_of
from ui.parts import bar, coach, curve, facts, lead, notice, plan, runs
from ui.parts.part import Button
from ui.visit import Visit

_GOOD = frozenset({"learning", "settled"})
_BAD = frozenset({"diverging"})
_GROWS = frozenset({"lead", "curve", "coach", "bar", "facts"})
_GOES_ON = frozenset({"early", "learning", "undertrained", "rate_low"})  # a stop would gain nothing


class TrainPage(Page):
    name: ClassVar[str] = "train"
    slots: ClassVar[Mapping[str, str]] = {"coach": "train", "bar": "train", "runs": "train", "notice_train": "train", "plan_train": "train"}

    def layout(self) -> dict[str, gr.HTML]:
        return {
            "lead": lead.lead(),
            "notice_train": notice.notice(),
            "curve": curve.curve(),
            "coach": coach.coach(),
            "plan_train": plan.plan(),
            "bar": bar.bar(),
            "facts": facts.facts(),
            "runs": runs.runs(),
        }

    def handlers(self) -> Mapping[str, Handler]:
        return {"stop": _stop, "resume": _resume, "open-run": _open, "to-method": _to_method, "evaluate": _evaluate, "take-advice": _take_advice}

    def approved(self, visit: Visit, desk: Desk, verb: str, result: Any) -> Outcome:
        if verb == "train":  # what the coach proposed
            return Outcome(desk, {"run": result.id, "verdict": "", "package": ""})
        if verb == "mend":
            return Outcome(desk, {"step": "data", "view": "checkup"})
        return Outcome(desk, {"step": "evaluate"})

    def growing(self, visit: Visit, desk: Desk) -> dict[str, Any] | None:
        """The curves and all that is read from them; notices and plan cards are a handler's."""
        return {name: value for name, value in self.show(visit, desk).items() if name in _GROWS}

    def show(self, visit: Visit, desk: Desk) -> dict[str, Any]:
        words = visit.words
        known = visit.runs
        if not known:
            start = Button(words("train.to_method"), "to-method", kind="primary")
            return {"lead": lead.Lead(words("train.empty"), words("train.empty_quiet")), "bar": bar.Bar((start,))}
        status: RunStatus = visit.do("run", run=visit.place.run or known[0].run.id)
        shown: dict[str, Any] = {"lead": _lead(visit, status), "curve": _curve(visit, status), "facts": _facts(visit, status)}
        if any(status.curves):
            shown["coach"] = _coach(visit, status)
        if desk.notice is None and (failed := failure_of(visit, status.job)):
            shown["notice_train"] = failed
        if desk.plan is None:
            shown["bar"] = _bar(visit, status)
        if len(known) > 1:
            shown["runs"] = _runs(visit, known, status.run.id)
        return shown


def _lead(visit: Visit, status: RunStatus) -> lead.Lead:
    words, state = visit.words, status.job.state
    how = status.reading.how.value
    if state is JobState.QUEUED or (state is JobState.RUNNING and not status.curves):
        return lead.Lead(words("train.starting"), doing(visit, status.job))
    if state in LIVE:
        return lead.Lead(words("train.stopping") if state is JobState.STOPPING else words(f"train.how.{how}"), _now(visit, status))
    kept = (
        words("train.kept", step=status.reading.best_step)
        if status.reading.best_step is not None and status.has_model
        else words("train.kept_nothing")
    )
    return lead.Lead(words(f"train.ended.{state.value}"), kept)


def _now(visit: Visit, status: RunStatus) -> str:
    words, said = visit.words, []
    if (at := _step(status)) is not None:
        said.append(words("train.step", step=at, steps=_steps(status)) if _steps(status) else words("train.step_only", step=at))
    if status.job.seconds_left is not None:
        said.append(words("work.left", time=words.time(status.job.seconds_left)))
    key = (status.job.message or "").partition("|")[0]
    if key and key != "training":
        said.append(doing(visit, status.job))
    return " · ".join(said)


def _series(status: RunStatus, name: str) -> tuple[tuple[int, float], ...]:
    found = next((series for series in status.curves if series.name == name), None)
    return curve.thinned(tuple(zip(found.steps, found.values, strict=True))) if found else ()


def _step(status: RunStatus) -> int | None:
    return max((series.steps[-1] for series in status.curves if series.steps), default=None)


def _steps(status: RunStatus) -> int:
    """All the steps of the run, from how far the job says it is; 0 while nobody knows."""
    train, share = _series(status, "loss"), status.job.progress
    if status.job.state is JobState.DONE and train:
        return train[-1][0]
    return round(train[-1][0] / share) if train and share and share > 0.01 else 0


def _curve(visit: Visit, status: RunStatus) -> curve.Curve:
    words, reading = visit.words, status.reading
    train, valid = _series(status, "loss"), _series(status, "eval_loss")
    best = None
    if reading.best_step is not None and reading.best_loss is not None:
        named = words("train.best", step=reading.best_step, loss=reading.best_loss)
        best = curve.Best(reading.best_step, reading.best_loss, named)
    at = _step(status)
    now = words("train.step", step=at, steps=_steps(status)) if at is not None and _steps(status) else ""
    summary = words("train.summary_empty")
    if train:
        summary = words("train.summary", first=train[0][1], last=train[-1][1], step=train[-1][0])
    if valid:
        summary += " " + words("train.summary_valid", first=valid[0][1], last=valid[-1][1])
    if best:
        summary += " " + words("train.summary_best", step=best.step, loss=best.value)
    spoken = words.say(reading.said) if valid else ""
    return curve.Curve(
        train,
        valid,
        _steps(status),
        best,
        words("train.loss"),
        words("train.eval_loss"),
        words("train.axis"),
        now,
        summary,
        words("train.waiting"),
        spoken,
    )


def _coach(visit: Visit, status: RunStatus) -> coach.Coach:
    """While it runs, what helps at once is to stop; once it has ended, the coach's proposal is a button that opens its plan."""
    words, how, offer, button = visit.words, status.reading.how.value, status.offer, None
    if status.job.state is JobState.RUNNING and how not in _GOES_ON:
        button = Button(words("train.stop"), "stop", {"job": status.job.id})
    elif status.job.state not in LIVE and offer is not None:
        button = Button(words.say(offer.said), "take-advice", {"run": status.run.id})
    level = "good" if how in _GOOD else "bad" if how in _BAD else "calm" if how == "early" else "warn"
    return coach.Coach(level, words("train.coach"), words.say(status.reading.said), button=button)


def _bar(visit: Visit, status: RunStatus) -> bar.Bar:
    words, state = visit.words, status.job.state
    if state in (JobState.QUEUED, JobState.RUNNING):
        kind = "plain" if status.reading.how.value in _GOES_ON else "primary"
        return bar.Bar((Button(words("train.stop"), "stop", {"job": status.job.id}, kind),), words("train.stop_note"))
    if state is JobState.STOPPING:
        return bar.Bar((), words("train.stopping_note"))
    resume = (Button(words("train.resume"), "resume", {"run": status.run.id}),) if status.can_resume else ()
    if status.has_model:
        return bar.Bar(
            (
                Button(words("train.evaluate"), "evaluate", {"run": status.run.id}, "primary"),
                *resume,
                Button(words("train.again"), "to-method", kind="link"),
            )
        )
    return bar.Bar((*resume, Button(words("train.again"), "to-method", kind="plain" if resume else "primary")))


def _facts(visit: Visit, status: RunStatus) -> list[facts.Fact] | None:
    words, shown = visit.words, []
    if status.job.state in LIVE and status.job.seconds_left is not None:
        shown.append(facts.Fact(words("train.left"), words.time(status.job.seconds_left), words("train.left_note")))
    if status.tokens_per_second:
        shown.append(facts.Fact(words("train.speed"), words.number(status.tokens_per_second), words("train.speed_note"), "tokens per second"))
    if status.memory_bytes:
        shown.append(facts.Fact(words("train.memory"), words.size(status.memory_bytes), "", "resident set size"))
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


def _stop(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    if visit.project is not None:
        visit.do("stop", project=visit.project.project, job=text_of(values, "job", 64))
    return Outcome(desk)


def _resume(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("resume", run=text_of(values, "run", 64))
    return Outcome(desk)


def _open(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"run": text_of(values, "run", 64), "verdict": "", "package": ""})


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


def _to_method(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "method"})


def _evaluate(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "evaluate", "run": text_of(values, "run", 64)})
