"""Plan cards: what the assistant proposes, bound to the exact values that it showed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.actions.registry import Context, approval_token, find, request_for
from core.sentence import Sentence


@dataclass(frozen=True)
class PlanCard:
    """`token` is what a yes is bound to: the actor, the action and just these values. `seconds` is None where nothing was measured."""

    verb: str
    values: Mapping[str, Any]
    what: Sentence
    seconds: float | None
    disk_bytes: int | None
    undo: Sentence | None
    asks_first: bool
    token: str

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> "PlanCard":
        raw = json.loads(text)
        raw["what"] = Sentence(**raw["what"])
        raw["undo"] = Sentence(**raw["undo"]) if raw["undo"] else None
        return cls(**raw)


def card(context: Context, verb: str, values: Mapping[str, Any]) -> PlanCard:
    """What `verb` would do with `values`: its own plan, or its declaration where it has none. Raises the UserErrors that the plan meets."""
    chosen = find(verb)
    request = request_for(chosen, values)
    token = approval_token(context, chosen, request)
    if chosen.plan is not None:
        plan = chosen.plan(context, request)
        return PlanCard(verb, values, plan.what, plan.seconds, plan.disk_bytes, plan.undo, chosen.asks_first, token)
    undo = Sentence(f"undo_of.{verb}", chosen.undo) if chosen.undo else None
    return PlanCard(verb, values, _said(verb, chosen.sentence, values), None, None, undo, chosen.asks_first, token)


def _said(verb: str, sentence: str, values: Mapping[str, Any]) -> Sentence:
    """The declaration's sentence, with the values that a person chose."""
    if verb == "split":
        facts = {
            "test": values.get("test_share", 0.1),
            "validation": values.get("validation_share", 0.1),
            "together": values.get("keep_together", ""),
        }
        english = "Freeze the rows and split them: {validation:.0%} for validation, {test:.0%} for the test"
        if facts["together"]:
            return Sentence("assistant.split_together", english + ", rows with the same '{together}' on one side.", facts)
        return Sentence("assistant.split", english + ".", facts)
    if verb == "choose-task":
        return Sentence(f"assistant.task_{values['task']}", f"The model learns this task: {values['task']}.")
    return Sentence(f"does.{verb}", sentence)
