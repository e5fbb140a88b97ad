"""Where a training does not fit into memory: what to change, one click each."""

import json
from collections.abc import Mapping
from typing import Any

from core.actions.method import RecipeCard
from core.actions.train import EstimateCard
from ui.parts import choice
from ui.parts.part import Option
from ui.visit import Visit


def choice_of(visit: Visit, asked: Mapping[str, Any], found: EstimateCard) -> choice.Choice | None:
    """None where it fits, or where nothing would help."""
    if found.estimate.fits_memory:
        return None
    words, options = visit.words, []
    for one in visit.do("remedies", **asked):
        note = words("remedy.then" if one.fits else "remedy.then_still", size=words.size(one.memory_bytes))
        options.append(Option(one.name, words(f"remedy.{one.name}_label"), f"{words.say(one.said)} {note}"))
    if not options:
        return None
    needs = words("remedy.needs", needed=words.size(found.estimate.memory_bytes), free=words.size(found.estimate.memory_free_bytes))
    return choice.Choice(words("remedy.legend"), "remedy", tuple(options), "", "remedy", needs)


def remedied(visit: Visit, asked: Mapping[str, Any], card: RecipeCard, name: str) -> str:
    """The recipe with what the remedy changes; as it was when the machine has room by now."""
    chosen = next((one for one in visit.do("remedies", **asked) if one.name == name), None)
    if chosen is None:
        return card.toml
    changed: RecipeCard = visit.do(
        "edit-recipe", recipe=card.toml, changes=json.dumps(chosen.changes), project=visit.project and visit.project.project
    )
    return changed.toml
