"""What can be done with a training: the bar of buttons below its curves, the form for one change, and what each does."""

import re
from collections.abc import Mapping
from typing import Any

from core.actions.run import RunStatus
from storage.rows import LIVE, JobState
from ui.pages.page import Desk, Handler, Outcome, text_of, to_run
from ui.pages.recipe_form import own_fields, recipe_fields
from ui.pages.working import stop_button
from ui.parts.bar import Bar
from ui.parts.change import Change
from ui.parts.part import Button, Option
from ui.visit import Visit
from ui.words import Words

_GOES_ON = frozenset({"early", "learning", "undertrained", "rate_low"})  # readings in which a stop would gain nothing
# What people change first, and the method's own rank where it has one.
_FIELDS = (
    "learning_rate", "num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps", "warmup_ratio", "lr_scheduler_type",
    "weight_decay", "max_length", "label_smoothing_factor", "metric_for_best_model", "seed",
)  # fmt: skip
_DECIMAL_COMMA = re.compile(r"^(\d+),(\d+)$")
_OPTIONS = ("r", "lora_alpha", "lora_dropout", "reduction_factor")


def pays_to_stop(status: RunStatus) -> bool:
    return status.job.state is JobState.RUNNING and status.reading.how.value not in _GOES_ON


def bar_of(visit: Visit, status: RunStatus) -> Bar:
    words, state, run = visit.words, status.job.state, {"run": status.run.id}
    stop = stop_button(visit, status.job, words("train.stop") if state is not JobState.QUEUED else "", "primary" if pays_to_stop(status) else "plain")
    if state in (JobState.QUEUED, JobState.RUNNING):
        return Bar((stop, Button(words("train.pause"), "pause", run), _to_queue(visit)), words("train.stop_note"))
    if state is JobState.STOPPING:
        return Bar((), words("train.stopping_note"))
    if state is JobState.PAUSING:
        return Bar((), words("train.pausing_note"))
    if state is JobState.PAUSED:
        return Bar((Button(words("train.go_on"), "resume", run, "primary"), stop, _to_queue(visit)), words("train.paused_note"))
    return Bar(tuple(_ended(visit, status)))


def _ended(visit: Visit, status: RunStatus) -> list[Button]:
    """The first is what comes next: after a failure the way out of it, else the exam."""
    words, run, shown = visit.words, {"run": status.run.id}, []
    if status.job.state is JobState.FAILED and status.offer is not None:
        shown.append(Button(words.say(status.offer.said), "take-advice", run))
    if status.has_model:
        shown.append(Button(words("train.evaluate"), "evaluate", run))
    if status.can_resume:
        shown.append(Button(words("train.resume"), "resume", run))
    if status.has_model:
        shown.append(Button(words("train.longer"), "train-longer", run))
    shown.append(Button(words("train.again"), "to-method", kind="link" if shown else "plain"))
    first = shown[0]
    return [Button(first.text, first.act, first.values, "primary"), *shown[1:]]


def _to_queue(visit: Visit) -> Button:
    return Button(visit.words("train.to_queue"), "view", {"view": "queue"}, "link")


def change_of(visit: Visit, status: RunStatus) -> Change | None:
    """For a training that has ended or is paused: the fields of its recipe with what they are now."""
    if status.job.state in LIVE:
        return None
    words = visit.words
    known = {field.term: field for field in recipe_fields(words, status)}
    own = {field.term: field for field in own_fields(words, status, visit.do("methods"))}
    fields = [Option(name, known[name].label, _now(words, known[name].value)) for name in _FIELDS]
    fields += [Option(f"method_options.{name}", own[name].label, _now(words, own[name].value)) for name in _OPTIONS if name in own]
    return Change(
        words("train.change"), words("train.change_quiet"), words("train.change_field"), tuple(fields), words("train.change_value"),
        words("train.change_button"), {"run": status.run.id},
    )  # fmt: skip


def _now(words: Words, value: object) -> str:
    """As a person would write it into the box; '' where the field is empty."""
    return "" if value in (None, "") else words("train.change_now", value=str(value))


def _pause(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("pause", run=text_of(values, "run", 64))
    return Outcome(desk)


def _resume(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    visit.do("resume", run=text_of(values, "run", 64))
    return Outcome(desk)


def _longer(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Raises Asking, which shows the plan card."""
    visit.do("train-longer", run=text_of(values, "run", 64))
    return Outcome(desk)


def _changed(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    """Raises Asking, which shows the plan card. A number may have a decimal comma."""
    value = _DECIMAL_COMMA.sub(r"\1.\2", text_of(values, "value", 400).strip())
    visit.do("train-changed", run=text_of(values, "run", 64), field=text_of(values, "field", 80), value=value)
    return Outcome(desk)


def _to_method(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, {"step": "method"})


def _evaluate(visit: Visit, desk: Desk, values: Mapping[str, Any]) -> Outcome:
    return Outcome(desk, to_run(text_of(values, "run", 64), step="evaluate"))


HANDLERS: Mapping[str, Handler] = {
    "pause": _pause, "resume": _resume, "train-longer": _longer, "train-changed": _changed, "to-method": _to_method,
    "evaluate": _evaluate,
}  # fmt: skip
