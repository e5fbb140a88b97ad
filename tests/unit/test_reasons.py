"""What is wrong with a recipe is said in the reader's language, without a library's own words."""

import pytest

from core.training.recipe import BadRecipe, Recipe
from ui.words import Words

_GOOD = 'task = "classification"\n'


@pytest.mark.parametrize(
    ("text", "english", "italian"),
    [
        (_GOOD + "learning_rate = -1.0", "'learning_rate': it has to be more than 0", "«learning_rate»: dev'essere più di 0"),
        (_GOOD + "num_train_epochs = 1e9", "'num_train_epochs': it has to be 200 or less", "«num_train_epochs»: dev'essere al massimo 200"),
        (_GOOD + 'seed = "x"', "'seed': a whole number is needed", "«seed»: serve un numero intero"),
        (_GOOD + "learning_rte = 1", "'learning_rte': there is no such field", "«learning_rte»: un campo così non c'è"),
        ("", "'task': it is missing", "«task»: manca"),
        (
            _GOOD + "method = full",
            "'the text': line 2 cannot be read from its letter 10 on",
            "«il testo»: la riga 2 non si legge dalla lettera 10 in poi",
        ),
        ("hello", "'the text': its last line cannot be read", "«il testo»: l'ultima riga non si legge"),
    ],
)
def test_a_fault_of_a_recipe_is_told_in_both_languages(text, english, italian):
    with pytest.raises(BadRecipe) as told:
        Recipe.from_toml(text)
    assert english in Words.of("en").error(told.value)
    assert italian in Words.of("it").error(told.value)
