"""A method's own settings, as the recipe gives them."""

from typing import Any

from pydantic import ValidationError

from core.methods.base import Options, method
from core.reasons import why_not
from core.training.recipe import BadRecipe, Recipe


def options_of(recipe: Recipe) -> Options:
    """Typed and checked. Raises BadRecipe, UnknownMethod."""
    try:
        return method(recipe.method).Options.model_validate(recipe.method_options)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadRecipe(field=".".join(["method_options", *(str(part) for part in first["loc"])]), why=why_not(first)) from error


def form_of(name: str) -> dict[str, Any]:
    """JSON schema of a method's settings, for a form. Raises UnknownMethod."""
    return method(name).Options.model_json_schema()
