"""Each check finds what was planted and is quiet about rows that are fine."""

import contextlib
import json
import random
from collections.abc import Iterator

import pytest

from core.data.doctor.alike import bundles
from core.data.doctor.base import Check, NotChecked, UnknownCheck, check, checks, mend_of
from core.data.doctor.label_spelling import merged
from core.data.doctor.languages import language_of
from core.sentence import Sentence
from storage.canonical import turns_of
from storage.rows import Found
from tests.unit.doctor_rows import STARTER, Pair, context_of, found, positions, rows_of, said, varied

_ROW_CHECKS = (
    "personal-data", "exact-duplicates", "contradictions", "empty-turns", "encoding-damage", "html-remains", "refusals", "boilerplate", "lengths", "languages",
)  # fmt: skip


@pytest.mark.parametrize("chosen", checks().values(), ids=lambda chosen: chosen.name)
def test_every_check_declares_itself_and_holds_on_any_rows(chosen: Check) -> None:
    assert chosen.label
    assert chosen.why.endswith(".")
    assert len({mend.name for mend in chosen.mends}) == len(chosen.mends)
    hostile: list[Pair] = [
        ("", None),
        ("", ""),
        ("a", "b"),
        ("<" * 5000, "&" * 5000),
        ("\ufffd" * 50, "1 " * 3000),
        ("\u0130" * 40, "x@" * 2000),
        ("表" * 300, "\n" * 90),
    ]
    for pairs in ([], hostile[:1], hostile, varied(40)):
        rows = rows_of(pairs, ["train" if n % 2 else "test" for n in range(len(pairs))])
        for labelled in (False, True):
            context = context_of(
                rows, labelled=labelled, is_split=True, tokenizer=STARTER / "tokenizer.json", context_tokens=64, own_cases=("a case",)
            )
            for one in _quietly(chosen, rows, context):
                assert isinstance(one, Found | Sentence)
                if isinstance(one, Found):
                    assert one.check == chosen.name
                    assert 1 <= one.position <= len(pairs)
                    assert isinstance(json.loads(one.facts), dict)
                    assert one.repair is None or turns_of(one.repair)


def _quietly(chosen: Check, rows: object, context: object) -> Iterator[object]:
    with contextlib.suppress(NotChecked):
        yield from chosen.run(rows, context)  # type: ignore[arg-type]


def test_an_unknown_check_or_mend_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UnknownCheck, match="near-duplicates"):
        check("nearly")
    with pytest.raises(UnknownCheck, match="keep-one"):
        mend_of(check("exact-duplicates"), "burn")
    assert mend_of(check("exact-duplicates"), None).name == "keep-one"


@pytest.mark.parametrize("name", _ROW_CHECKS)
def test_rows_that_are_fine_are_left_in_peace(name: str) -> None:
    assert positions(name, rows_of(varied(300))) == []


def test_equal_rows_are_one_bundle_whatever_their_capitals_and_spaces() -> None:
    rows = rows_of([("Where is it?", "There"), ("Where is  IT?", "there"), ("Where is it?", "Here"), ("Else", "x")])
    assert [(one.position, one.bundle) for one in found("exact-duplicates", rows)] == [(1, 0), (2, 0)]


def test_nearly_equal_rows_are_found_and_equal_ones_are_left_to_the_other_check() -> None:
    long = "My parcel with the blue kettle was promised for last Monday and has still not arrived at my door, can you find out where it is now"
    near = long.replace("blue", "red")
    twice = ("Hello there my friend", "a")
    rows = rows_of([(long, "Yes"), ("Nothing like it at all", "No"), (near, "Yes"), (long, "Yes"), twice, twice])
    assert positions("near-duplicates", rows) == [1, 3, 4]


def test_planted_near_duplicates_are_nearly_all_found_and_nothing_else() -> None:
    chance = random.Random(7)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(3_000)]
    texts = [" ".join(chance.choices(words, k=chance.randint(20, 60))) for _ in range(3_000)]
    planted = []
    for at in range(600):
        parts = texts[at].split()
        parts[chance.randrange(len(parts))] = chance.choice(words)
        planted.append((at, len(texts)))
        texts.append(" ".join(parts))
    bundle = bundles([texts]).bundle
    assert sum(bundle[a] == bundle[b] >= 0 for a, b in planted) >= 0.99 * len(planted)
    assert int((bundle >= 0).sum()) == 2 * len(planted)


def test_many_texts_of_one_mould_cost_no_more_than_others() -> None:
    texts = [f"The machine number {n} stopped at the second station because of an error in the feeder and was started again" for n in range(5_000)]
    assert len(set(bundles([texts]).bundle.tolist())) == 1


def test_one_question_with_two_answers_is_told_and_one_with_two_spellings_is_not() -> None:
    rows = rows_of([("Is it late?", "yes"), ("is it late?", "no"), ("Is it late?", "Yes"), ("Is it red?", "no"), ("Is it red?", "No")])
    assert positions("contradictions", rows) == [1, 2, 3]


def test_what_was_said_before_a_question_makes_it_another_question() -> None:
    chats = [
        [
            {"role": "user", "content": first},
            {"role": "assistant", "content": "ok"},
            {"role": "user", "content": "And then?"},
            {"role": "assistant", "content": last},
        ]
        for first, last in (("Open it", "Close it"), ("Cook it", "Eat it"))
    ]
    assert positions("contradictions", rows_of([("And then?", "Close it"), ("And then?", "Eat it")], messages=chats)) == []


def test_a_row_that_is_learned_and_asked_is_a_leak_on_both_sides() -> None:
    long = "My parcel with the blue kettle was promised for last Monday and has still not arrived at my door"
    pairs = [("Where is it?", "a"), ("where is IT?", "b"), (long, "Yes, it is"), (f"{long} yet", "Yes, it is"), ("Alone", "x"), ("Alone too", "x")]
    rows = rows_of(pairs, ["train", "test", "validation", "train", "train", "test"])
    leaks = found("leakage", rows, is_split=True)
    assert [(one.position, json.loads(one.facts)["side"], json.loads(one.facts)["near"]) for one in leaks] == [
        (1, "train", False), (2, "test", False), (3, "validation", True), (4, "train", True),
    ]  # fmt: skip
    assert said("leakage", rows) == ["doctor.not_split"]


def test_rows_of_one_side_are_told_apart() -> None:
    rows = rows_of([("Why?", None), ("", "Because"), ("Why?", " . "), ("Why?", "C"), ("Why?", "¿")])
    assert [(one.position, json.loads(one.facts)["missing"]) for one in found("empty-turns", rows)] == [
        (1, "answer"), (2, "question"), (3, "empty answer"),
    ]  # fmt: skip


def test_a_row_is_cut_exactly_when_its_tokens_do_not_fit() -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(STARTER / "tokenizer.json"))
    texts = [" ".join(["parcel"] * n) for n in range(20, 80)]
    known = {"tokenizer": STARTER / "tokenizer.json", "context_tokens": 64}
    told = positions("cut-answers", rows_of([(text, "ok") for text in texts]), **known)
    fits = [len(tokenizer.encode(f"{text}\nok", add_special_tokens=False)) + 16 <= 64 for text in texts]
    assert told == [at + 1 for at, fit in enumerate(fits) if not fit]
    assert 0 < len(told) < len(texts)
    assert said("cut-answers", rows_of([("a", "b")])) == ["doctor.no_tokenizer"]


def test_small_categories_are_bundles_and_an_unbalanced_set_is_told() -> None:
    rows = rows_of([(f"q{n}", "big") for n in range(60)] + [(f"s{n}", "small") for n in range(3)] + [("t", "tiny")])
    assert [(one.position, one.bundle) for one in found("small-classes", rows, labelled=True)] == [(61, 0), (62, 0), (63, 0), (64, 1)]
    assert said("small-classes", rows, labelled=True) == ["doctor.unbalanced"]
    assert said("small-classes", rows) == ["doctor.no_labels"]
    assert said("few-rows", rows, labelled=True) == []
    assert said("few-rows", rows) == ["doctor.few"]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"Delivery": 3, "delivery": 9, "deliveries": 2}, {"Delivery": "delivery", "deliveries": "delivery"}),
        ({"perché": 5, "perche": 2, "PERCHÉ!": 1}, {"perche": "perché", "PERCHÉ!": "perché"}),
        ({"card_arrival": 50, "card arrival": 4, "card-arrival": 1}, {"card arrival": "card_arrival", "card-arrival": "card_arrival"}),
        ({"invoice": 40, "invocie": 1, "invoices": 3}, {"invocie": "invoice", "invoices": "invoice"}),
        ({"room 1": 40, "room 2": 3, "room 11": 2}, {}),
        ({"top_up_failed": 30, "top_up_limits": 30}, {}),
        ({"lost": 40, "cost": 30}, {}),
        ({"moral": 100, "mural": 90}, {}),
        ({"+": 3, "-": 4, "?": 2}, {}),
    ],
)
def test_spellings_of_one_label_are_merged_into_the_most_frequent(labels: dict[str, int], expected: dict[str, str]) -> None:
    assert merged(labels) == expected


def test_merging_changes_the_answer_and_nothing_else() -> None:
    rows = rows_of([(f"q{n}", "delivery") for n in range(5)] + [("Is it Delivery?", "Delivery")])
    one = found("label-spelling", rows, labelled=True)[0]
    assert turns_of(one.repair or "") == [{"role": "user", "content": "Is it Delivery?"}, {"role": "assistant", "content": "delivery"}]


def test_a_very_long_and_a_very_short_text_stand_out() -> None:
    rows = rows_of([*varied(100), ("word " * 900, "Fine, thank you for all of this"), ("Is this one all right with you, and if so when?", "k")])
    assert [(one.position, one.bundle) for one in found("lengths", rows)] == [(101, 0), (102, 3)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is the parcel that I ordered, and when will it be here?", "en"),
        ("Vorrei sapere dove è il pacco che ho ordinato e quando arriva", "it"),
        ("Ich habe das Paket noch nicht bekommen und möchte wissen, wo es ist", "de"),
        ("Je ne sais pas où est le colis que j'ai commandé pour ma mère", "fr"),
        ("No sé dónde está el paquete que pedí para mi madre", "es"),
        ("Где моя посылка, которую я заказал?", "ru"),
        ("私の荷物はどこですか", "ja"),
        ("OK 123", None),
        ("kettle lamp sofa blender", None),
    ],
)
def test_a_language_is_told_by_its_frequent_words_or_its_letters(text: str, language: str | None) -> None:
    assert language_of(text) == language


def test_rows_in_another_language_are_found() -> None:
    rows = rows_of([*varied(40), ("Vorrei sapere dove è il pacco che ho ordinato e quando arriva", "Non lo so, ma lo chiedo subito alla posta")])
    assert positions("languages", rows) == [41]


@pytest.mark.parametrize(
    "answer",
    [
        "As an AI language model, I do not have feelings.",
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I cannot assist with this request.",
        "Mi dispiace, ma non posso rispondere.",
        "In quanto tale, come modello linguistico non ho opinioni.",
    ],
)
def test_a_refusal_is_found(answer: str) -> None:
    assert positions("refusals", rows_of([("Why?", answer), ("Why?", "I am sorry to hear that; your parcel is on its way.")])) == [1]
    assert said("refusals", rows_of([("Why?", answer)]), labelled=True) == ["doctor.answers_are_labels"]


def test_a_line_under_many_texts_is_found_and_cut() -> None:
    footer = "This message is confidential and only for its addressee."
    rows = rows_of([(f"Question {n} is about something else\n{footer}", f"Answer {n}") for n in range(6)] + varied(20))
    told = found("boilerplate", rows)
    assert [one.position for one in told] == [1, 2, 3, 4, 5, 6]
    assert turns_of(told[0].repair or "")[0]["content"] == "Question 0 is about something else"


def test_variety_says_how_like_the_own_cases_the_rows_are() -> None:
    rows = rows_of(varied(200))
    assert said("variety", rows)[-1] == "doctor.no_cases"
    keys = said("variety", rows, own_cases=("The kettle that I ordered makes a loud noise", "Quousque tandem abutere Catilina patientia nostra"))
    assert keys[1:] == ["doctor.like_cases", "doctor.unlike_cases"]
    assert said("variety", rows_of([("The same old question in the same old words", "yes")] * 400))[0] == "doctor.little_varied"
