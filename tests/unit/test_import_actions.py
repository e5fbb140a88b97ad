"""What a person meets around an import: bad rows to take home, a file that comes twice, limits from the settings, a job that may not eat the machine."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actions.registry import Context, perform
from core.data.kind import KINDS
from core.errors import NotFound, UserError
from core.home import Home
from core.settings import BadSettings, Settings
from core.workshop import Workshop
from storage.rows import Job, JobState, OwnerId
from tests.unit.data_files import written
from ui.words import Words

GOOD = [f"text {n},k{n % 3}" for n in range(20)]
LIMITS = """
[limits]
rows = 500
import_memory_bytes = 900000000
unpacking_ratio = 100000
unpacking_free_bytes = 100000000000
unpacked_bytes = 100000000000
line_chars = 10000000000
field_chars = 10000000000
"""


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=KINDS) as workshop:
        yield Context(workshop, OwnerId("anna"))


def _import(context: Context, path: Path, project: str | None = None, **values: Any) -> Job:
    project = project or perform(context, "create-project", {"name": path.stem}).id
    upload = context.workshop.take_upload(context.actor, path.name, path)
    job = perform(context, "import", {"upload": upload.id, "project": project, **values})
    return context.workshop.supervisor.wait(job.id, 120)


def _said(job: Job, language: str) -> str:
    error = json.loads(job.error or "{}")
    return Words.of(language).error_named(error["error"], error["sentence"], error["facts"])


def test_bad_rows_are_listed_with_their_text_and_told_in_italian(context: Context, tmp_path: Path) -> None:
    job = _import(context, written(tmp_path, "\n".join(["text,label", *GOOD, "=broken(),", "three,cells,here", *GOOD]), "bad.csv"))
    assert job.state is JobState.FAILED
    found = perform(context, "bad-rows", {"job": job.id})
    assert [(line.row, line.file) for line in found.rows] == [(21, "bad.csv"), (22, "bad.csv")]
    assert found.rows[0].problem == "Row 21 (line 22) has nothing in column 'label'. Fill it in, or leave out incomplete rows."
    assert json.loads(found.rows[1].original) == ["three", "cells", "here"]
    with Path(found.path).open(encoding="utf-8-sig", newline="") as table:
        assert next(csv.reader(table)) == ["row", "file", "column", "problem", "original"]
    told = _said(job, "it")
    assert "La riga 21 (linea 22) non ha nulla nella colonna «label»" in told
    assert "La riga 22" in told
    assert "Row" not in told
    assert "Row 21 (line 22) has nothing in column 'label'" in _said(job, "en")
    with pytest.raises(NotFound):
        perform(Context(context.workshop, OwnerId("mallory")), "bad-rows", {"job": job.id})


def test_what_was_left_out_is_noted_in_both_languages(context: Context, tmp_path: Path) -> None:
    job = _import(context, written(tmp_path, "\n".join(["text,label", *GOOD, "broken,"]), "left.csv"), leave_out_incomplete=True)
    note = perform(context, "facts", {"dataset": job.subject}).notes[0]
    assert "Row 21 (line 22) has nothing" in Words.of("en").say(note)
    assert "La riga 21 (linea 22) non ha nulla" in Words.of("it").say(note)
    assert len(perform(context, "bad-rows", {"job": job.id}).rows) == 1


def test_a_file_that_comes_twice_into_a_dataset_is_noted_and_new_rows_are_not(context: Context, tmp_path: Path) -> None:
    first = written(tmp_path, "\n".join(["text,label", *GOOD]), "first.csv")
    job = _import(context, first)
    _import(context, written(tmp_path, "text,label\nanother,k1", "second.csv"), job.project, dataset=job.subject)
    assert not [note for note in perform(context, "facts", {"dataset": job.subject}).notes if note.key == "file_again"]
    assert _import(context, first, job.project, dataset=job.subject).state is JobState.DONE
    facts = perform(context, "facts", {"dataset": job.subject})
    assert facts.dataset.rows == 2 * len(GOOD) + 1
    assert "first.csv was in this dataset already" in str(next(note for note in facts.notes if note.key == "file_again"))
    with pytest.raises(UserError, match="no list of rows"):
        perform(context, "bad-rows", {"job": job.id})


def test_growing_a_dataset_leaves_its_exam_sealed(context: Context, tmp_path: Path) -> None:
    job = _import(context, written(tmp_path, "\n".join(["text,label", *GOOD]), "rows.csv"))
    _import(context, written(tmp_path, "text,label\nexam one,k1\nexam two,k2\n", "exam.csv"), job.project, sealed=True)
    _import(context, written(tmp_path, "text,label\nanother,k1\nyet another,k0\n", "more.csv"), job.project, dataset=job.subject)
    rows = perform(context, "rows", {"dataset": job.subject, "size": 100}).examples
    assert [row.sealed for row in rows] == [False] * 20 + [True] * 2 + [False] * 2
    split = perform(context, "split", {"dataset": job.subject})
    assert split.test == 2


def test_limits_come_from_the_settings_and_a_bomb_ends_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text(LIMITS)
    with Workshop.open(Home(tmp_path / "home"), kinds=KINDS) as workshop:
        context = Context(workshop, OwnerId("anna"))
        many = _import(context, written(tmp_path, "text,label\n" + "".join(f"t{n},k{n % 2}\n" for n in range(501)), "many.csv"))
        assert "more than 500 rows" in str(many.error)
        mapping = {"shape": "text_label", "columns": {"text": "text", "label": "label"}}
        begins, piece, ends = (gzip.compress(part) for part in (b"text,label\nfine,k1\nalso fine,k2\n", b"x" * (1 << 20), b",k1\n"))
        (tmp_path / "bomb.csv.gz").write_bytes(begins + 1500 * piece + ends)
        upload = workshop.take_upload(context.actor, "bomb.csv.gz", tmp_path / "bomb.csv.gz")
        project = perform(context, "create-project", {"name": "B"}).id
        job = perform(context, "import", {"upload": upload.id, "project": project, "mapping": mapping})
        ended = workshop.supervisor.wait(job.id, 120)
        assert ended.state is JobState.FAILED
        assert json.loads(ended.error or "")["error"] == "ImportNeedsMemory"
        assert perform(context, "datasets", {"project": project}) == ()


@pytest.mark.parametrize("text", ["[limits]\nrows = 0", "[limits]\nrow = 5", "[limits]\nrows = 'many'"])
def test_a_wrong_limit_is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text(text)
    with pytest.raises(BadSettings, match="limits"):
        Settings.of(Home(tmp_path))
