"""The command line says what an action answered in sentences, in the person's language."""

from core.sentence import Sentence
from ui.telling import failure_text, plan_text, result_text, sentence_text
from ui.words import Words

CLASSIC = {"key": "candidate.classic", "english": "the classic method", "facts": {}, "term": "TF-IDF"}
HEADLINE = {"key": "none.such", "english": "Better than {other} on {rows:,} rows.", "facts": {"other": CLASSIC, "rows": 3080}, "term": "exact test"}


def test_a_stored_line_is_said_with_the_lines_in_its_facts() -> None:
    assert result_text(Words.of("en"), {"headline": HEADLINE}) == "headline: Better than the classic method on 3,080 rows."
    assert result_text(Words.of("en"), [HEADLINE]) == "- Better than the classic method on 3,080 rows."


def test_numbers_are_written_the_languages_way() -> None:
    assert "3.080" in sentence_text(Words.of("it"), HEADLINE)


def test_a_plan_says_what_it_takes_and_whether_it_can_be_undone() -> None:
    what = {"key": "none.such", "english": "Do {n} things.", "facts": {"n": 3}}
    told = plan_text(Words.of("en"), {"what": what, "seconds": 130, "disk_bytes": None, "undo": None, "goes": ("4 rows",), "remains": ()})
    assert "Do 3 things." in told
    assert "2\u00a0min 10\u00a0s" in told
    assert "4 rows" in told
    assert "cannot be undone" in told


def test_braces_of_a_persons_text_in_an_error_are_shown_as_they_are() -> None:
    failure = {"error": "NoSuchError", "sentence": "Row 3 holds {weird} text.", "facts": {"row": 3}}
    assert failure_text(Words.of("en"), failure) == "Row 3 holds {weird} text."


def test_a_long_curve_is_counted_not_listed() -> None:
    assert "846 values" in result_text(Words.of("en"), {"steps": list(range(846))})


def test_any_sentence_survives_the_way_through_json() -> None:
    sentence = Sentence("none.such", "{a} and {b}", {"a": 1, "b": Sentence("none.too", "two")})
    plain = {"key": sentence.key, "english": sentence.english, "facts": {"a": 1, "b": {"key": "none.too", "english": "two", "facts": {}}}}
    assert sentence_text(Words.of("en"), plain) == str(sentence)
