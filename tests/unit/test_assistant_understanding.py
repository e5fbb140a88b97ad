"""What people say is understood in both languages, with typos; what is not is answered honestly; nothing costly is guessed."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.assistant.understand import LANGUAGES, Meant, Nothing, phrases, understand

SAID = [
    ("What next?", "en", "what_next", {}),
    ("what should I do", "en", "what_next", {}),
    ("e adesso?", "it", "what_next", {}),
    ("import a file", "en", "import", {}),
    ("Import questions.csv as the sealed test", "en", "import", {"sealed": True}),
    ("importa un file csv", "it", "import", {}),
    ("use the sample data", "en", "sample", {}),
    ("usa i dati di esempio", "it", "sample", {}),
    ("split the data", "en", "split", {}),
    ("split the data with 20 % for the test", "en", "split", {"test_share": 0.2}),
    ("split by patient, 10% validation and 15% test", "en", "split", {"keep_together": "patient", "validation_share": 0.1, "test_share": 0.15}),
    ("split 70 / 10 / 20", "en", "split", {"validation_share": 0.1, "test_share": 0.2}),
    ("dividi i dati per paziente", "it", "split", {"keep_together": "paziente"}),
    ("dividi con il 20 % per la prova", "it", "split", {"test_share": 0.2}),
    ("sort my texts into categories", "en", "choose_task", {"task": "classification"}),
    ("I want to extract fields", "en", "choose_task", {"task": "extraction"}),
    ("summarise my documents", "en", "choose_task", {"task": "summarisation"}),
    ("smista i testi in categorie", "it", "choose_task", {"task": "classification"}),
    ("train quickly", "en", "train", {"preset": "quick"}),
    ("trian quickly please", "en", "train", {"preset": "quick"}),
    ("Train thoroughly!", "en", "train", {"preset": "thorough"}),
    ("start training", "en", "train", {}),
    ("allena in fretta", "it", "train", {"preset": "quick"}),
    ("addestra con cura", "it", "train", {"preset": "thorough"}),
    ("search for the best settings", "en", "search", {}),
    ("try several settings", "en", "search", {}),
    ("cerca le impostazioni migliori", "it", "search", {}),
    ("stop", "en", "stop", {}),
    ("stop and keep the best", "en", "stop", {}),
    ("ferma e tieni il migliore", "it", "stop", {}),
    ("resume the training", "en", "resume", {}),
    ("how is it going?", "en", "status", {}),
    ("how long still", "en", "status", {}),
    ("come va", "it", "status", {}),
    ("why is validation loss rising?", "en", "why_rising", {}),
    ("perché sale la loss di validazione", "it", "why_rising", {}),
    ("evaluate", "en", "evaluate", {}),
    ("did it get better?", "en", "evaluate", {}),
    ("valuta il modello", "it", "evaluate", {}),
    ('compare on "my card is lost"', "en", "compare", {"question": "my card is lost"}),
    ("confronta su «la carta è persa»", "it", "compare", {"question": "la carta è persa"}),
    ("export as int4", "en", "export", {"precision": "int4"}),
    ("esporta in fp32", "it", "export", {"precision": "fp32"}),
    ("download the package", "en", "download", {}),
    ("undo", "en", "undo", {}),
    ("annulla l'ultima modifica", "it", "undo", {}),
    ("yes", "en", "yes", {}),
    ("Sì", "it", "yes", {}),
    ("not yet", "en", "no", {}),
    ("non ancora", "it", "no", {}),
]


@pytest.mark.parametrize(("text", "language", "intent", "values"), SAID)
def test_it_is_understood(text: str, language: str, intent: str, values: dict[str, object]) -> None:
    meant = understand(text, language)
    assert isinstance(meant, Meant), meant
    assert (meant.intent, dict(meant.values)) == (intent, values)


def test_italian_is_understood_on_an_english_page() -> None:
    assert understand("allena in fretta", "en") == Meant("train", {"preset": "quick"}, "it")


@pytest.mark.parametrize("text", ["tell me a joke", "delete everything", "the weather is nice", "", "???", "drop table example", "42"])
def test_what_is_not_understood_gets_the_three_nearest_sentences(text: str) -> None:
    answer = understand(text)
    assert isinstance(answer, Nothing)
    assert len(set(answer.nearest)) == 3
    assert all(isinstance(understand(nearest), Meant) for nearest in answer.nearest)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_sentence_is_understood_as_its_own_intent(language: str) -> None:
    for intent in phrases(language).intents:
        for example in intent.examples:
            meant = understand(example, language)
            assert isinstance(meant, Meant), example
            assert meant.intent == intent.name, example


def test_both_languages_know_the_same_intents() -> None:
    assert {intent.name for intent in phrases("en").intents} == {intent.name for intent in phrases("it").intents}


@given(st.text(max_size=300))
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(understand(text), Meant | Nothing)


@given(st.text(alphabet="abcdefghij 0123456789.,!?", max_size=80))
def test_a_yes_is_never_heard_in_other_words(text: str) -> None:
    meant = understand(text)
    if isinstance(meant, Meant) and meant.intent == "yes":
        assert text.strip(" .,!?").lower() in {*phrases("en").yes, *phrases("it").yes}


def test_an_answer_takes_no_noticeable_time() -> None:
    started = time.perf_counter()
    for text, language, _, _ in SAID:
        understand(text, language)
    assert (time.perf_counter() - started) / len(SAID) < 0.25  # a deadline; about 5 ms are usual


def test_two_tasks_in_one_sentence_are_no_choice() -> None:
    meant = understand("I want to summarise and extract fields")
    assert isinstance(meant, Meant)
    assert (meant.intent, dict(meant.values)) == ("choose_task", {})
