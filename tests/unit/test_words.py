"""Both languages say everything, with the same facts, and write numbers their own way."""

import ast
import importlib
import pkgutil
import re
import string
import time
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.actions.registry import actions
from core.errors import NotFound, UserError
from core.sentence import Sentence
from ui.words import LANGUAGES, UnknownWord, Words, language_of

DECLARED_ELSEWHERE = (
    "errors.",
    "actions.",
    "sentences.",
    "task.",
    "shape.",
    "role.",
    "field.",
    "method.",
    "loss.",
    "progress.",
    "metric.",
    "model.",
)  # English stands there
# What a first look must not need to know. The chart's two curves keep their names: the field's own, with nothing plainer that is true.
BARRED = {
    "en": ("accuracy", "confidence interval", "regression", "epoch"),
    "it": ("accuratezza", "intervallo di confidenza", "regressione", "epoca"),
}
BARRED_EVERYWHERE = (
    "f1", "rouge", "bleu", "mcnemar", "p-value", "logit", "tf-idf", "lora", "fine-tuning", "onnx", "csv", "jsonl", "json lines", "int4", "fp32", "token",
)  # fmt: skip
SPOKEN_WORDS = ("assistant.", "gate.")  # examples of what a person may say, and pages before the app
NAMED_TERMS = ("recipe.text", "catalogue.")  # a file's name, and what is one level down


def flat(entries: dict[str, Any], under: str = "") -> Iterator[tuple[str, str]]:
    for name, entry in entries.items():
        if isinstance(entry, dict):
            yield from flat(entry, f"{under}{name}.")
        else:
            yield under + name, str(entry)


def entries(language: str) -> dict[str, str]:
    return dict(flat(tomllib.loads(resources.files("ui").joinpath("words", f"{language}.toml").read_text(encoding="utf-8"))))


def facts_in(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_screen_words() -> None:
    english, italian = entries("en"), entries("it")
    only_italian = {key for key in set(italian) - set(english) if not key.startswith(DECLARED_ELSEWHERE)}
    assert set(english) - set(italian) == set()
    assert only_italian == set()


def test_a_sentence_has_the_same_facts_in_both_languages() -> None:
    english, italian = entries("en"), entries("it")
    assert {key for key in english if facts_in(english[key]) != facts_in(italian[key])} == set()


def stems() -> set[str]:
    return {key.removesuffix(".one").removesuffix(".other") for key in entries("en")}


def test_every_used_word_is_there() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in Path("ui").rglob("*.py"))
    written = set(re.findall(r'words\(\s*"([a-z_.0-9]+)"', source)) | set(re.findall(r'done\([^"]*"[a-z]+", "([a-z_.]+)"', source))
    assert {key for key in written if "." in key} - stems() == set()


def test_every_word_is_used() -> None:
    """By its whole key, or in a form such as f"rows.is.{review}" whose hole is filled by a text that stands in the source."""
    pages = "\n".join(path.read_text(encoding="utf-8") for path in Path("ui/review/templates").iterdir())
    texts, forms = set(re.findall(r'words\("([\w.]+)"', pages)), {re.escape(start) + "(.+)" for start in re.findall(r'words\("([\w.]+\.)" ~', pages)}
    for path in [path for folder in ("ui", "core", "storage") for path in Path(folder).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else "(.+)" for part in node.values]
                forms.update({"".join(parts)} if re.match(r"\w+\\\.", parts[0]) else ())

    def is_said(key: str) -> bool:
        found = (match for form in forms if (match := re.fullmatch(form, key)))
        return key in texts or any(all(part in texts or part.isdigit() for part in match.groups()) for match in found)

    assert {key for key in stems() if not key.startswith(DECLARED_ELSEWHERE) and not is_said(key)} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_first_look_needs_no_term_of_the_field(language: str) -> None:
    found = [
        (key, term)
        for key, text in entries(language).items()
        for term in (*BARRED[language], *BARRED_EVERYWHERE)
        if not key.startswith((*DECLARED_ELSEWHERE, *SPOKEN_WORDS, *NAMED_TERMS))
        and re.search(rf"\b{re.escape(term)}\b", re.sub(r"\{.*?\}", "", text.lower()))
    ]
    assert found == []


def test_numbers_are_written_as_the_language_does() -> None:
    english, italian = Words.of("en"), Words.of("it")
    assert (english.number(10_003), italian.number(10_003)) == ("10,003", "10.003")
    assert [english.exact(value) for value in (0.00000162, 0.0005, 16.0, 1_234.0, 0)] == ["0.00000162", "0.0005", "16", "1,234", "0"]
    assert italian.exact(0.00034) == "0,00034"
    assert (english.percent(0.942), italian.percent(0.942)) == ("94.2\u00a0%", "94,2\u00a0%")
    assert (english.size(1_536), italian.size(15.3 * 1024**2)) == ("2\u00a0KB", "15,3\u00a0MB")
    assert [english.time(seconds) for seconds in (130, 4_200, 59.6)] == ["2\u00a0min 10\u00a0s", "1\u00a0h 10\u00a0min", "1\u00a0min"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the clock's zone cannot be set for a process here")
def test_dates_are_written_one_way_by_the_clock_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Rome")
    time.tzset()
    try:
        late = datetime(2026, 5, 31, 22, 30)  # UTC, as the database keeps it
        english, italian = Words.of("en"), Words.of("it")
        assert (english.moment(late), italian.moment(late)) == ("1\u00a0Jun\u00a02026, 00:30", "1\u00a0giu\u00a02026, 00:30")
        assert (english.day(late), italian.day(date(2026, 5, 9)), italian.month("2025-08")) == (
            "1\u00a0Jun\u00a02026",
            "9\u00a0mag\u00a02026",
            "ago\u00a02025",
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_no_page_writes_a_date_its_own_way() -> None:
    own = re.compile(r"strftime|isoformat|:%[YdbB]")
    files = [file for file in resources.files("ui").rglob("*.py") if file.name != "words.py"]  # type: ignore[attr-defined]
    assert files
    assert [file.name for file in files if own.search(file.read_text(encoding="utf-8"))] == []


def test_one_and_many_are_told_apart() -> None:
    assert Words.of("en")("rows.found", count=1) == "1 row found"
    assert Words.of("it")("rows.found", count=10_003) == "10.003 righe trovate"


def test_a_sentence_within_a_sentence_is_said_in_the_same_language() -> None:
    inner = Sentence("nowhere", "{count:,} rows", {"count": 1_200})
    outer = Sentence("nowhere.else", "In all {inner}, {share:.1%} of them new.", {"inner": inner, "share": 0.5})
    assert Words.of("en").say(outer) == "In all 1,200 rows, 50.0\u00a0% of them new."
    assert Words.of("it").say(outer) == "In all 1.200 rows, 50,0\u00a0% of them new."


def test_an_error_is_said_by_its_class_name_with_its_facts() -> None:
    error = NotFound(thing="run", id="abc")
    assert Words.of("en").error(error) == str(error)
    assert "abc" in Words.of("it").error(error)


@given(st.text(), st.text())
def test_a_persons_text_in_a_fact_is_shown_as_it_is(file: str, id: str) -> None:
    assert Words.of("en").say(Sentence("nowhere", "{file}: {id}", {"file": file, "id": id})) == f"{file}: {id}"


@given(st.text())
def test_a_finished_sentence_with_braces_in_it_never_breaks_the_page(text: str) -> None:
    assert isinstance(Words.of("it").error_named("NoSuchError", text, {}), str)


def test_facts_are_looked_up_by_name_only() -> None:
    secret = Words.of("en").error_named("NoSuchError", "{file.__class__} {file[0]}", {"file": "name"})
    assert secret == "{file.__class__} {file[0]}"


def test_an_unknown_word_is_a_fault_and_not_an_empty_screen() -> None:
    with pytest.raises(UnknownWord):
        Words.of("en")("data.no_such_word")


@pytest.mark.parametrize(
    ("wished", "language"), [("it-IT,it;q=0.9,en;q=0.8", "it"), ("de, it;q=0.5", "it"), ("fr", "en"), ("", "en"), (None, "en"), ("EN-us", "en")]
)
def test_the_language_is_the_first_of_the_wished_that_we_have(wished: str | None, language: str) -> None:
    assert language_of(wished) == language


@pytest.fixture(scope="module")
def declared() -> list[type[UserError]]:
    """All errors of the product: those of every module that a server or a child may import."""
    for package in ("core", "ui"):
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if ".starter" not in module.name:  # scripts that make the shipped model
                importlib.import_module(module.name)
    return sorted(set(_errors(UserError)), key=lambda kind: kind.__name__)


def test_every_error_and_every_action_is_said_in_italian_with_the_same_facts(declared: list[type[UserError]]) -> None:
    italian = entries("it")
    assert [kind.__name__ for kind in declared if f"errors.{kind.__name__}" not in italian] == []
    assert [kind.__name__ for kind in declared if facts_in(italian[f"errors.{kind.__name__}"]) - facts_in(kind.sentence)] == []
    assert [verb for verb in actions() if f"actions.{verb}" not in italian] == []


def test_every_error_that_the_product_can_raise_reads_as_a_sentence_in_english(declared: list[type[UserError]]) -> None:
    for kind in declared:
        assert kind.sentence.strip(), kind
        assert kind.sentence.rstrip()[-1] in ".?!”'}", kind


def _errors(kind: type[UserError]) -> Iterator[type[UserError]]:
    for sub in kind.__subclasses__():
        if sub.__module__.startswith(("core.", "ui.", "storage.")):
            yield sub
        yield from _errors(sub)
