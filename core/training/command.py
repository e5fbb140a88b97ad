"""The exact `bottega train` command that does what a recipe says, to be put into a shell as it is."""

import shlex

import tomli_w

from core.training.recipe import Recipe

ANY_PROJECT = "PROJECT"


def train_command(project: str, recipe: Recipe, *, is_preset: bool = False) -> str:
    """`is_preset`: the recipe is just what its preset gives. Else it stands in the command itself, without what is the default anyway."""
    if is_preset:
        return f"bottega train --project {shlex.quote(project)} --preset {recipe.preset} --base-model {shlex.quote(recipe.base_model)}"
    values = {"task": recipe.task, **recipe.model_dump(mode="json", exclude_none=True, exclude_defaults=True)}
    return f"bottega train --project {shlex.quote(project)} --recipe {shlex.quote(tomli_w.dumps(values).strip())}"
