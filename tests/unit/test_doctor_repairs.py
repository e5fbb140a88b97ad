"""Masks and repairs: what was found is gone afterwards, what was fine is as it was, and doing it twice is doing it once."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.doctor.encoding_damage import repaired
from core.data.doctor.html_remains import cleaned, remains
from core.data.doctor.personal.finders import find
from core.data.doctor.personal.masking import _replaced, masked_texts
from storage.canonical import turns_of
from tests.unit.doctor_rows import found, positions, rows_of

_ACCENTED = st.text(alphabet="àèìòùéÀÈßöñ’—çãêabc ", min_size=1, max_size=60)
_PIECES = st.sampled_from(
    ["anna@example.org", "+39 06 6982 0000", "IT60 X054 2811 1010 0000 0123 456", "4111 1111 1111 1111", "RSSMRA85T10A562S", "born on 12/03/1984", "tel 555 0199 12",
     "call ", "me ", "NHS 943 476 5919", " and ", "7", "12", ".", "-", "(", ")", "@", "x@y.z", "BSN: 123456782", "0", " ", "\n", "1234567890123456789012345", "é"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to Anna.Rossi+x@mail.example.org.", "E-MAIL"),
        ("call me at +39 06 6982 0000", "PHONE"),
        ("phone: 020 7946 0958", "PHONE"),
        ("il mio cellulare è 347 1234567", "PHONE"),
        ("(202) 456-1111 after six", "PHONE"),
        ("IBAN IT60X0542811101000000123456", "IBAN"),
        ("GB82 WEST 1234 5698 7654 32 is mine", "IBAN"),
        ("card 4111-1111-1111-1111 exp", "CARD"),
        ("CF RSSMRA85T10A562S", "ID"),
        ("NHS number 943 476 5919", "ID"),
        ("SSN 536-90-4399", "ID"),
        ("BSN 111222333", "ID"),
        ("DNI 54362315-K", "ID"),
        ("my NINO is AB 12 34 56 C", "ID"),
        ("Steuer-ID 36 574 261 809", "ID"),
        ("1 85 05 78 006 084 91", "ID"),
        ("She was born on 12/03/1984 in Rome", "BIRTH DATE"),
        ("nata il 3 marzo 1984 a Roma", "BIRTH DATE"),
    ],
)
def test_personal_data_is_found_and_masked(text: str, kind: str) -> None:
    assert [one.kind for one in find(text)] == [kind]
    masked = masked_texts([text])[0]
    assert f"[{kind} 1]" in masked
    assert find(masked) == []


@pytest.mark.parametrize(
    "text",
    [
        "Order 1234567890 of 12/03/2024 costs 1,234,567.00 euros",
        "The years 1998-2004 and 2010 - 2015 were good",
        "The years 2000 2001 2002 2007 and 2001 2002 2003 2009 2010",
        "4111 1111 1111 1112 is no card",
        "IT60X0542811101000000123457 has a wrong sum",
        "Version 10.15.7.3 build 20231105",
        "111222333 is a number of no kind",
        "Serial 943 476 5918, invoice 2024/000123",
        "See example.org @ home, 5 @ 3",
        "Article 12 of 03/04/2021 says so",
        "ISBN 978-3-16-148410-0",
        "0.123456789 and 3.14159265358979",
        "The battle of 12/03/1984 was lost",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert find(text) == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Il conto ES91 2100 0418 4502 0005 1332 para pagar", "Il conto [IBAN 1] para pagar"),
        ("ES9121000418450200051332 para pagar", "[IBAN 1] para pagar"),
        ("AT61 1904 3002 3457 3201 bitte zahlen", "[IBAN 1] bitte zahlen"),
        ("RM12 nato RSSMRA85T10A562S", "RM12 nato [ID 1]"),
        ("Carta 4111 1111 1111 1111 12/27", "Carta [CARD 1] 12/27"),
        ("card 4111111111111111 2027 expires", "card [CARD 1] 2027 expires"),
        ("tel. 055 1234567 335 1234567", "tel. [PHONE 1] [PHONE 2]"),
        ("scrivi a jörg.müller@firma.de", "scrivi a [E-MAIL 1]"),
        ("anna@müller.de, почта@пример.рф", "[E-MAIL 1], [E-MAIL 2]"),
        ("请写信到anna@example.org谢谢", "请写信到[E-MAIL 1]谢谢"),
    ],
)
def test_a_value_is_masked_whatever_stands_beside_it(text: str, masked: str) -> None:
    assert masked_texts([text]) == [masked]


def test_an_answer_that_copies_a_value_stays_right_and_two_values_stay_two() -> None:
    texts = masked_texts(["Mail a@x.org or b@x.org. My BSN is 111222333.", 'Wrote to b@x.org; {"bsn": "111222333"}'])
    assert texts == ["Mail [E-MAIL 1] or [E-MAIL 2]. My BSN is [ID 1].", 'Wrote to [E-MAIL 2]; {"bsn": "[ID 1]"}']


def test_a_finding_says_which_kinds_it_holds_and_none_of_the_text() -> None:
    one = found("personal-data", rows_of([("I am anna@example.org", "ok")]))[0]
    assert json.loads(one.facts) == {"E-MAIL": 1}
    assert turns_of(one.repair or "")[0]["content"] == "I am [E-MAIL 1]"


def test_personal_data_in_an_earlier_turn_is_found_too() -> None:
    chat = [
        {"role": "user", "content": "I am anna@example.org"}, {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": "Who am I?"}, {"role": "assistant", "content": "anna@example.org"},
    ]  # fmt: skip
    one = found("personal-data", rows_of([("Who am I?", "anna@example.org")], messages=[chat]))[0]
    assert [turn["content"] for turn in turns_of(one.repair or "")] == ["I am [E-MAIL 1]", "Hello", "Who am I?", "[E-MAIL 1]"]


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=14).map("".join), st.lists(_PIECES, max_size=6).map("".join))
def test_a_masked_text_holds_no_finding_any_more(question: str, answer: str) -> None:
    masked = masked_texts([question, answer])
    assert [find(text) for text in masked] == [[], []]
    assert masked_texts(masked) == masked


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_a_text_without_personal_data_is_not_touched(text: str) -> None:
    if not find(text):
        assert masked_texts([text]) == [text]


@pytest.mark.parametrize("text", ["perché", "Größe", "naïve café", "città — però"])
def test_a_wrongly_decoded_text_is_found_and_repaired(text: str) -> None:
    broken = text.encode("utf-8").decode("cp1252", "replace")
    assert repaired(text.encode("utf-8").decode("latin-1")) == text
    assert positions("encoding-damage", rows_of([(broken, "ok"), (text, "ok")])) == [1]


def test_lost_letters_are_told_and_cannot_be_repaired() -> None:
    one = found("encoding-damage", rows_of([("perch\ufffd no", "ok")]))[0]
    assert (one.bundle, one.repair) == (1, None)


@settings(max_examples=150, deadline=None)
@given(_ACCENTED)
def test_repairing_letters_twice_is_repairing_them_once(text: str) -> None:
    for given_ in (text, text.encode("utf-8").decode("latin-1")):
        assert repaired(repaired(given_)) == repaired(given_)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a&nbsp;b &amp; c", "a b & c"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<p class='x'>Hello <b>you</b></p>", "Hello you"),
        ("&amp;lt;b&amp;gt;bold&amp;lt;/b&amp;gt;", "bold"),
        ("perch&eacute; &#39;no&#39;", "perché 'no'"),
        ("if a < b and c > d then x & y; AT&T", "if a < b and c > d then x & y; AT&T"),
        ("vector<int> and <EOF>", "vector<int> and <EOF>"),
    ],
)
def test_remains_of_pages_become_plain_text(text: str, plain: str) -> None:
    assert cleaned(text) == plain
    assert remains(text) == (text != plain)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<b>", "</b>", "<br>", "&amp;", "&lt;", "b&gt;", "&#60;", "p", " ", "<", ">", "&", ";", "amp;", "x", "\n", "&nbsp;"]),
        max_size=14,
    ).map("".join)
)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert cleaned(cleaned(text)) == cleaned(text)
    assert not remains(cleaned(text))


@pytest.mark.parametrize(
    "hostile",
    ["1 " * 60_000, "@" * 60_000, "a@" * 30_000, "<" * 60_000, "<p " * 30_000, "&" * 60_000, "&amp;" * 20_000, "a." * 40_000, "IT60 " * 20_000],
)
def test_a_hostile_text_costs_no_more_than_another(hostile: str) -> None:
    """A pattern that looks back over the whole text would need hours: the time limit of the suite is the judge."""
    assert len(find(hostile)) >= 0
    assert isinstance(cleaned(hostile), str)
    assert isinstance(repaired(hostile + "é"), str)


class _OncePerSurface(str):
    """A text that tells when it is gone through for one surface alone."""

    def replace(self, *given: object) -> str:  # type: ignore[override]
        raise AssertionError("a long text is gone through once for each address in it")


def test_a_long_text_of_many_addresses_is_masked_in_passes_over_all_of_them() -> None:
    text = " ".join(f"write to anna{number}@example.org or o'anna{number}@example.org" for number in range(1_000))
    wanted = " ".join(f"write to [E-MAIL {2 * number + 1}] or [E-MAIL {2 * number + 2}]" for number in range(1_000))
    assert masked_texts([_OncePerSurface(text)]) == [wanted]


@settings(deadline=None)
@given(st.text(alphabet="ab1 ", max_size=60), st.sets(st.text(alphabet="ab1", min_size=2, max_size=6), min_size=1, max_size=6))
def test_one_pass_replaces_what_the_longest_first_would(text: str, surfaces: set[str]) -> None:
    written = {surface: f"[{number}]".translate(str.maketrans("0123456789", "QRSTUVWXYZ")) for number, surface in enumerate(sorted(surfaces))}
    wanted = text
    for surface in sorted(written, key=lambda one: (-len(one), one)):
        wanted = wanted.replace(surface, written[surface])
    sizes = [len(surface) for surface in surfaces]
    if len(set(sizes)) == len(sizes):  # of two that are as long, the one that stands first goes first
        assert _replaced(text, written) == wanted
