"""Erasing a person reaches what is packed: uploads, files of jobs, copies of the database."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.actions.registry import Context, perform
from core.data.searched import look_into, searched
from core.home import Home
from core.workshop import Workshop
from storage import jobs, uploads
from storage.person import Person
from storage.rows import LOCAL_OWNER, JobState, ProjectId
from tests.agreeing import agreed
from tests.unit.office_files import document, workbook, zipped
from tests.unit.store_rows import filled, support_rows
from ui.pages.desks import VersionsDesk
from ui.pages.page import Desk
from ui.pages.sections import erasing
from ui.visit import Asking, Place, Visit

NAME = "Renée Quartarolo"
PERSON = Person([NAME])
TABLE = f"text,label\nA letter of {NAME},a\n"
PACKED = {
    "second-sheet.xlsx": workbook({"one": [["text"], ["hi"]], "two": [["who"], [f"Dr {NAME}"]]}),
    "letter.docx": document([("", f"A letter of {NAME}")]),
    "table.csv.gz": gzip.compress(TABLE.encode()),
    "folder.zip": zipped({"a/table.csv": TABLE, "readme.txt": "nothing"}),
    "nested.zip": zipped({"book.xlsx": workbook({"one": [["text"], [NAME]]})}),
    "western.csv": f"{TABLE}b,c\n".encode("cp1252"),
    "excel.csv": TABLE.encode("utf-16"),
}


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path / "home"), kinds=()) as workshop:
        yield Context(workshop, LOCAL_OWNER)


def uploaded(context: Context, name: str, content: bytes) -> None:
    context.workshop.take_upload(LOCAL_OWNER, name, iter([content]))


def names_of_uploads(context: Context) -> set[str]:
    return {upload.name for upload in uploads.of_owner(context.workshop.store, LOCAL_OWNER)}


def ended(context: Context, project: ProjectId, name: str) -> Path:
    """The run folder of a job that is over."""
    folder = context.workshop.home.runs / name
    folder.mkdir()
    jobs.create(context.workshop.store, LOCAL_OWNER, project, "train", folder=str(folder), subject="x", id=name)
    jobs.take(context.workshop.store, name, offset=0, state=JobState.DONE)
    return folder


def everything_in(content: bytes, suffix: str = "") -> Iterator[str]:
    """A file's text, and that of all that is packed in it."""
    yield content.decode("utf-8", "replace")
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                yield from everything_in(archive.read(name), Path(name).suffix)
    elif content.startswith(b"\x1f\x8b"):
        yield from everything_in(gzip.decompress(content))
    elif suffix == ".parquet" and content.endswith(b"PAR1"):
        yield json.dumps(pq.read_table(io.BytesIO(content)).to_pylist(), default=str, ensure_ascii=False)


def holding(root: Path) -> list[str]:
    """Names of the home's files that name the person, packed ones opened, databases asked."""
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        texts = list(everything_in(path.read_bytes(), path.suffix))
        if path.parent.name == "backups":
            with duckdb.connect(str(path), read_only=True) as copy:
                texts += [
                    str(copy.sql(f'SELECT * FROM "{table}"').fetchall()) for (table,) in copy.sql("SELECT table_name FROM duckdb_tables()").fetchall()
                ]
        if PERSON.is_in(*texts):
            found.append(path.name)
    return found


def test_a_name_is_found_in_every_kind_of_file_that_an_import_reads(tmp_path: Path) -> None:
    for name, content in PACKED.items():
        (tmp_path / name).write_bytes(content)
        assert look_into(tmp_path / name, name, PERSON) is True, name
        assert look_into(tmp_path / name, name, Person(["Nobody Atall"])) is False, name


def test_a_file_that_breaks_or_hides_its_inside_is_not_said_to_be_free_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "torn.gz").write_bytes(gzip.compress(TABLE.encode())[:-12])
    (tmp_path / "plain.zip").write_bytes(zipped({"a.csv": "text,label\n1,2\n", "logo.png": b"\x89PNG\0"}))
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    files = [(path, path.name) for path in sorted(tmp_path.iterdir())]
    assert searched(files, PERSON) == [None, False, None]


def test_packed_files_copies_and_job_files_are_named_before_and_gone_after(context: Context) -> None:
    store, home = context.workshop.store, context.workshop.home
    project, _ = filled(store, [*support_rows(5), (f"A letter of {NAME}", "label 1")])
    for left in home.root.glob("*.parquet"):
        left.unlink()
    for name, content in PACKED.items():
        uploaded(context, name, content)
    uploaded(context, "others.xlsx", workbook({"one": [["text"], ["nobody"]]}))
    folder = ended(context, project.id, "d" * 13)
    turns = [[{"role": "user", "content": f"Ask {NAME}"}], [{"role": "user", "content": "Ask nobody"}]]
    pq.write_table(pa.table({"position": [1, 2], "messages": turns}), folder / "answers.parquet")
    (folder / "export.zip").write_bytes(zipped({"rows.csv": TABLE}))
    (folder / "upload-hub").write_bytes(gzip.compress(TABLE.encode()))
    (folder / "rows.parquet").write_bytes(b"PAR1 cut short")
    (folder / "pinned.jsonl").write_text(json.dumps({"question": f"Who is {NAME}?"}) + "\n")
    (home.root / "inference.log").write_text(f"asked: {NAME}\n")
    (home.packages / f"project-{project.id}.zip").write_bytes(zipped({"rows/example.txt": NAME}))
    perform(context, "backup", {})
    store.checkpoint()
    assert len(holding(home.root)) >= len(PACKED)
    plan, done = agreed(context, "erase-person", {"text": NAME, "backups": True})
    said = " ".join(map(str, plan.goes))
    assert all(name in said for name in PACKED)
    assert "others.xlsx" not in said
    assert {sentence.key: sentence.facts.get("count") for sentence in plan.goes} == {
        "erase.rows": 1, "erase.files": 3, "erase.whole": 2, "erase.cut_short": 1, "erase.saved": 1, "erase.uploads": None, "erase.backups": None,
    }  # fmt: skip
    assert holding(home.root) == []
    assert names_of_uploads(context) == {"others.xlsx"}
    assert (set(done.whole), done.files, done.backups) == (set(PACKED), 5, 1)
    assert pq.read_table(folder / "answers.parquet").column("position").to_pylist() == [2]


def test_a_copy_that_stayed_can_be_deleted_later_and_one_without_the_person_is_left(context: Context) -> None:
    store, home = context.workshop.store, context.workshop.home
    perform(context, "backup", {})
    clean = next(home.backups.glob("*.duckdb")).rename(home.backups / "clean.duckdb")
    filled(store, [*support_rows(5), (f"A letter of {NAME}", "label 1")])
    perform(context, "backup", {})
    holds = next(path for path in home.backups.glob("*.duckdb") if path != clean)
    _, done = agreed(context, "erase-person", {"text": NAME})
    assert done.backups_left == (holds.name,)
    assert holds.name in " ".join(map(str, done.beyond))
    _, again = agreed(context, "erase-person", {"text": NAME, "backups": True})
    assert (again.rows, again.backups, again.backups_left) == (0, 1, ())
    assert list(home.backups.iterdir()) == [clean]


def test_the_page_offers_to_delete_the_copies_that_stayed_and_says_which_files_went_whole(context: Context) -> None:
    project, _ = filled(context.workshop.store, [*support_rows(3), (f"A letter of {NAME}", "label 1")])
    uploaded(context, "folder.zip", PACKED["folder.zip"])
    perform(context, "backup", {})
    _, done = agreed(context, "erase-person", {"text": NAME})
    visit = Visit(context, Place(step="data", project=project.id))
    desk = Desk().to(versions=VersionsDesk(person=(NAME, "Rossi")))
    notice = erasing.erased(visit, desk, done).desk.notice
    assert notice is not None
    assert "folder.zip" in notice.sentence
    offered = next(button for button in notice.buttons if button.act == "erase-copies")
    with pytest.raises(Asking) as asking:
        erasing.HANDLERS[offered.act](visit, desk, offered.values)
    assert "bottega-" in " ".join(map(str, asking.value.asked.plan.goes))


def test_a_locked_file_goes_when_its_rows_hold_the_person_and_is_named_when_nobody_knows(context: Context) -> None:
    store = context.workshop.store
    _, dataset = filled(store, [*support_rows(3), (f"A letter of {NAME}", "label 1")])
    store.write(lambda connection: connection.execute("UPDATE example SET source = 'torn.csv.gz' WHERE dataset = ?", [dataset]))
    torn = gzip.compress(b"text,label\n")[:-12]
    uploaded(context, "torn.csv.gz", torn)
    uploaded(context, "unknown.gz", torn)
    plan, done = agreed(context, "erase-person", {"text": NAME})
    assert "torn.csv.gz" in " ".join(map(str, plan.goes))
    assert "unknown.gz" in " ".join(map(str, plan.remains))
    assert "unknown.gz" in " ".join(map(str, done.beyond))
    assert names_of_uploads(context) == {"unknown.gz"}


def test_what_was_kept_on_purpose_is_said_to_hold_the_person_still(context: Context) -> None:
    filled(context.workshop.store, [*support_rows(3), (f"A letter of {NAME}", "label 1")])
    uploaded(context, "folder.zip", PACKED["folder.zip"])
    _, done = agreed(context, "erase-person", {"text": NAME, "uploads": False})
    assert "folder.zip" in " ".join(map(str, done.beyond))
    assert names_of_uploads(context) == {"folder.zip"}


def test_what_a_killed_save_or_backup_left_is_gone_once_the_home_is_opened_again(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    left = [home.root / "tmp" / "archive-x" / "backup.duckdb", home.backups / ".b.duckdb.x.part", home.packages / ".project-x.zip.x.part"]
    for file in left:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(NAME)
    with Workshop.open(home, kinds=()):
        assert not [file for file in left if file.exists()]
