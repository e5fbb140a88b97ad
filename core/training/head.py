"""A head for categories in a recipe: where it may stand, and which categories it tells apart."""

from collections.abc import Sequence

from core.errors import UserError
from core.sentence import Sentence
from core.tasks.base import Task
from core.training.losses.base import Need, loss
from core.training.recipe import BadRecipe, Recipe

CLASSIFICATION = "classification"
HEAD_STAYS = Sentence(
    "method.head_stays",
    "Its categories are named by a head of its own: it can be used inside Bottega; taking it home as a file needs head = 'none'.",
)


class MoreCategoriesThanTokens(UserError):
    """A head for more categories than the model has tokens."""

    sentence = (
        "The rows have {labels:,} categories, more than the {tokens:,} pieces of words that this model knows. Answers of that many kinds are better "
        "written as words: choose head = 'none'. Nothing was started."
    )
    status = 422

    def __init__(self, *, labels: int, tokens: int) -> None:
        super().__init__(labels=labels, tokens=tokens)


def has_head(recipe: Recipe) -> bool:
    return recipe.head == CLASSIFICATION


def check_head(recipe: Recipe) -> None:
    """Raises BadRecipe where a head has no meaning."""
    if not has_head(recipe):
        return
    if recipe.task != CLASSIFICATION:
        raise BadRecipe(
            field="head", why=Sentence("bad.head_sorts", "a head of its own is for sorting into categories only; other answers are written as words")
        )
    if Need.BASE in loss(recipe.loss).needs:
        why = "'{name}' compares with the words of the untrained model, and a head writes none; take another loss"
        raise BadRecipe(field="loss", why=Sentence("bad.head_loss", why, {"name": recipe.loss}))
    if "lm_head" in recipe.method_options.get("modules_to_save", ()):
        raise BadRecipe(
            field="method_options.modules_to_save", why=Sentence("bad.head_there", "the head stands where lm_head was, and learns anyway")
        )


def labels_of(task: Task, answers: Sequence[str], tokens: int) -> tuple[str, ...]:
    """The categories as the model would write them, in the order of the head's outputs. Raises MoreCategoriesThanTokens."""
    found = tuple(sorted({task.target(answer) for answer in answers}))
    if len(found) > tokens:
        raise MoreCategoriesThanTokens(labels=len(found), tokens=tokens)
    return found
