"""The samples hold what their README says: each lesson is there to be found, and nobody in them is real."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from stdnum import iban
from stdnum.it import codicefiscale

from core.actions.data import NoSampleTest
from core.actions.registry import Context, perform
from core.data.kind import KINDS
from core.data.sample import FOLDER, SampleName, sample_of
from core.home import Home
from core.workshop import Workshop
from storage.rows import JobState, OwnerId

_TAX_CODE = re.compile(r"\b[A-Z]{6}\d{2}[A-Z]\d{2}[A-Z]\d{3}[A-Z]\b")
_IBAN = re.compile(r"\b(?:IT|GB|DE)\d{2}(?: ?[A-Z0-9]{1,4}){3,8}\b")
_PHONE = re.compile(r"(?:\+\d{2} ?)?\b\d[\d ]{7,}\d\b")
_INVENTED_PHONE = re.compile(r"(?:\+44 |0)(?:7700 900 ?\d{3}|1632 960 ?\d{3})|(?:\+39 )?(?:0461 000|320 000)[ \d]+")


def _text(file: str) -> str:
    return (resources.files(FOLDER) / file).read_text(encoding="utf-8")


def _table(file: str) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(file).splitlines()))


def _letters() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_text("clinic.json"))
    return rows


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w ]", "", text.casefold()).split())


def _alike(one: str, other: str) -> float:
    """Shared runs of three words among all of both."""
    first, second = (({tuple(words[at : at + 3]) for at in range(len(words) - 2)}) for words in (_plain(one).split(), _plain(other).split()))
    return len(first & second) / len(first | second) if first and second else 0.0


def _near(pairs: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(one, other) for one, other in pairs if _plain(one) != _plain(other) and _alike(one, other) >= 0.6]


def test_the_support_desk_holds_the_same_message_twice() -> None:
    rows = _table("support_desk.csv")
    assert len(rows) == 400
    assert set(Counter(row["category"] for row in rows).values()) == {50}
    seen: dict[str, set[str]] = {}
    again = contradicting = 0
    for row in rows:
        before = seen.setdefault(_plain(row["message"]), set())
        again += row["category"] in before
        contradicting += bool(before - {row["category"]})
        before.add(row["category"])
    assert (again, contradicting) == (16, 4)
    assert len({row["message"] for row in rows}) == 400 - 10 - 4
    assert len(_near(combinations([row["message"] for row in rows], 2))) == 8


def test_a_quarter_of_the_support_desks_exam_stands_among_its_rows() -> None:
    rows, exam = _table("support_desk.csv"), _table("support_desk_test.csv")
    assert set(rows[0]) == set(exam[0])
    assert Counter(row["category"] for row in exam) == dict.fromkeys({row["category"] for row in rows}, 8)
    learned = {_plain(row["message"]): row["category"] for row in rows}
    assert sum(learned.get(_plain(row["message"])) == row["category"] for row in exam) == 8
    assert len({other for _, other in _near((one["message"], other["message"]) for one in rows for other in exam)}) == 8


def test_most_clauses_are_of_one_type_and_some_types_are_tiny() -> None:
    rows = _table("clauses.csv")
    types = Counter(row["type"] for row in rows)
    assert len(rows) == len({row["clause"] for row in rows}) == 249
    assert types["performance"] / len(rows) > 0.6
    assert sorted(types.values())[:3] == [1, 2, 3]
    assert len({row["contract"] for row in rows}) == 28


def test_the_clinics_letters_hold_personal_data_that_is_nobodys() -> None:
    letters = [row["letter"] for row in _letters()]
    text = "\n".join(letters)
    codes, accounts = _TAX_CODE.findall(text), _IBAN.findall(text)
    assert len(letters) == 119
    assert len(codes) >= 20
    assert all(codicefiscale.is_valid(code) and "Z950" <= code[11:15] <= "Z999" for code in codes)
    assert len(accounts) >= 12
    assert all(iban.is_valid(account) and re.search("99999|00000000|QQQQ", account.replace(" ", "")) for account in accounts)
    mails = re.findall(r"[\w.-]+@[\w.-]+\w", text)
    assert len(mails) >= 25
    assert all(mail.endswith("@example.org") for mail in mails)
    for account in accounts:
        text = text.replace(account, "")
    phones = _PHONE.findall(re.sub(r"\d{4}-\d{2}-\d{2}", "", text))
    assert len(phones) >= 65
    assert all(_INVENTED_PHONE.fullmatch(phone.strip()) for phone in phones), phones


def test_every_field_of_a_letter_stands_in_it() -> None:
    letters = _letters()
    assert Counter(row["language"] for row in letters) == {"en": 76, "it": 43}
    for row in letters:
        for field, value in row["fields"].items():
            assert field in ("department", "reason", "medicine", "next_visit")
            assert value in row["letter"]
    assert sum(bool(row["fields"]) for row in letters) > 110
    assert len({row["letter"] for row in letters}) == len(letters)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=KINDS) as workshop:
        yield Context(workshop, OwnerId("anna"))


@pytest.mark.parametrize(("name", "rows"), [("clinic", 119), ("clauses", 249)])
def test_a_sample_becomes_a_dataset(context: Context, name: str, rows: int) -> None:
    project = perform(context, "create-project", {"name": name}).id
    job = context.workshop.supervisor.wait(perform(context, "sample", {"project": project, "name": name}).id, 60)
    assert job.state is JobState.DONE, job.error
    assert perform(context, "facts", {"dataset": job.subject}).dataset.rows == rows
    with pytest.raises(NoSampleTest):
        perform(context, "sample", {"project": project, "name": name, "sealed": True})


def test_the_support_desks_exam_comes_in_sealed(context: Context) -> None:
    project = perform(context, "create-project", {"name": "Desk"}).id
    job = context.workshop.supervisor.wait(perform(context, "sample", {"project": project}).id, 60)
    exam = context.workshop.supervisor.wait(perform(context, "sample", {"project": project, "sealed": True}).id, 60)
    assert exam.state is JobState.DONE, exam.error
    assert perform(context, "facts", {"dataset": job.subject}).facts.sealed == 64


def test_every_sample_has_its_files() -> None:
    for name in SampleName:
        found = sample_of(name)
        assert all((Path(str(resources.files(FOLDER))) / file).is_file() for file in (found.file, found.test) if file)
