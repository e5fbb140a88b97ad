"""Erasing a person leaves nothing of them in the home folder, and says what it cannot reach."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.actions.erase import NobodyFound, WorkGoesOn
from core.actions.registry import Context, perform
from core.errors import BadValue
from core.home import Home
from core.workshop import Workshop
from storage import changes, datasets, jobs, projects, runs, verdicts
from storage.bulk import changing, versions
from storage.bulk.splitting import freeze_split
from storage.bulk.versions import freeze_version, recomputed_hash
from storage.erasing import TEXTS
from storage.errors import NothingToTakeBack, StorageError
from storage.person import Person
from storage.rows import LOCAL_OWNER, JobArtefact, JobState, RowEdit
from tests.agreeing import agreed
from tests.unit.store_rows import filled, messages, support_rows

NAME, WHAT = "Renée Quartarolo", '{"key":"x","english":"x","facts":{}}'
SPELLINGS = (NAME, "RENÉE QUARTAROLO", "Renee  Quartarolo", "renee\nquartarolo", "Rene\u0301e\u00a0Quartarolo")


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path / "home"), kinds=()) as workshop:
        yield Context(workshop, LOCAL_OWNER)


def everywhere(context: Context):
    """A home in which the person stands in each place that there is."""
    store, home = context.workshop.store, context.workshop.home
    pairs = [*support_rows(30), *((f"A letter of {name}, row {n}.", "label 1") for n, name in enumerate(SPELLINGS)), ("Edited away", "label 2")]
    originals = [{"text": question, "doctor": f"Dr {NAME}" if n == 3 else "-"} for n, (question, _) in enumerate(pairs)]
    project, dataset = filled(store, pairs, originals=originals)
    for left in home.root.glob("*.parquet"):
        left.unlink()
    changing.apply(store, LOCAL_OWNER, dataset, [RowEdit(36, messages(f"{NAME} was here", "label 2"))], "edit", WHAT)
    version = freeze_version(store, dataset)
    split = freeze_split(store, version.id, "{}", seed=0, validation_share=0.1, test_share=0.1)
    changing.apply(store, LOCAL_OWNER, dataset, [RowEdit(36, messages("Mended", "label 2")), RowEdit(31, None)], "edit", WHAT)
    folder = home.runs / "aaaaaaaaaaaaa"
    (folder / "model").mkdir(parents=True)
    (folder / "model" / "config.json").write_text(f'{{"author": "{NAME}"}}'.replace(NAME, "nobody"))
    events = json.dumps({"kind": "sample", "text": f"said\n{NAME}"}) + "\n" + json.dumps({"kind": "state", "state": "done"}) + "\n"
    (folder / "events.jsonl").write_text(events)
    (folder / "log.txt").write_text(f"reading {NAME}.txt\n", encoding="utf-8")
    pq.write_table(pa.table({"position": [1, 2], "question": [f"Ask {NAME}", "Ask nobody"]}), folder / "rows.parquet", compression="none")
    job = jobs.create(store, LOCAL_OWNER, project.id, "train", folder=str(folder), subject=dataset, id="aaaaaaaaaaaaa")
    jobs.take(store, job.id, offset=len(events), state=JobState.DONE, artefacts=[JobArtefact("rows", "rows.parquet", "00", 1)])
    run = runs.create(store, LOCAL_OWNER, project.id, dataset=dataset, version=version.id, split=split.id, job=job.id, name="First", recipe="")
    verdicts.add(store, LOCAL_OWNER, project.id, run=run.id, job=job.id, document=json.dumps({"worst": NAME}))
    projects.say(store, project.id, "person", f"Who is {NAME}?")
    upload = context.workshop.take_upload(LOCAL_OWNER, "letters.csv", iter([f"text,label\n{NAME},a\n".encode()]))
    (folder / f"upload-{upload.id}").hardlink_to(home.uploads / upload.id / upload.name)
    kept = context.workshop.take_upload(LOCAL_OWNER, "other.csv", iter([b"text,label\nnobody,a\n"]))
    (home.packages / f"project-{project.id}.zip").write_text(f"saved {NAME}")
    store.write(
        lambda connection: connection.execute("INSERT INTO finding VALUES (?, 'names', 3, 1, ?, NULL)", [dataset, json.dumps({"name": NAME})])
    )
    store.write(lambda connection: connection.execute("INSERT INTO mark VALUES (?, 2, [?], NULL, 'local', 1, NULL)", [dataset, f"from {NAME}"]))
    return project, dataset, version, run, folder, kept


def files_that_hold(root: Path, *texts: str) -> list[str]:
    found = []
    for path in root.rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            found += [path.name for text in texts if text.lower().encode() in content or json.dumps(text).strip('"').lower().encode() in content]
    return sorted(set(found))


def approved(context: Context, **values):
    return agreed(context, "erase-person", values)


def test_after_it_no_file_of_the_home_holds_the_person(context: Context) -> None:
    project, dataset, version, run, folder, kept = everywhere(context)
    home, store = context.workshop.home, context.workshop.store
    (home.backups / "bottega-schema-1-x.duckdb").write_bytes(f"an older copy with {NAME}".encode())
    store.checkpoint()
    before = files_that_hold(home.root, *SPELLINGS)
    assert {"bottega.duckdb", "events.jsonl", "log.txt", "rows.parquet", "letters.csv"} <= set(before)
    offset = (folder / "events.jsonl").stat().st_size
    plan, done = approved(context, text="renee quartarolo", uploads=True, backups=True)
    assert "'renee quartarolo'" in str(plan.what)
    assert "letters.csv" in " ".join(map(str, plan.goes))
    assert "First" in " ".join(map(str, plan.remains))
    assert files_that_hold(home.root, *SPELLINGS, "quartarolo") == []
    assert (done.rows, done.uploads, done.backups, [model.name for model in done.models]) == (7, 1, 1, ["First"])
    assert (folder / "events.jsonl").stat().st_size == offset
    assert json.loads((folder / "events.jsonl").read_text().splitlines()[0])["kind"] == "sample"
    assert pq.read_table(folder / "rows.parquet").column("position").to_pylist() == [2]
    assert context.workshop.upload_path(LOCAL_OWNER, kept.id).is_file()
    assert projects.said(store, project.id)[0].text == "Who is [erased]?"


def test_the_rows_are_gone_for_good_and_the_versions_keep_their_hashes(context: Context) -> None:
    _, dataset, version, *_ = everywhere(context)
    store = context.workshop.store
    approved(context, text=NAME)
    assert datasets.get(store, LOCAL_OWNER, dataset).rows == 29
    held = versions.get_version(store, LOCAL_OWNER, version.id)
    assert (held.rows, held.erased, recomputed_hash(store, version.id)) == (36, 7, held.content_hash)
    assert freeze_version(store, dataset).rows == 29
    line = changes.history(store, dataset)[0]
    assert (line.kind, line.rows) == (changes.ERASE, 7)
    assert NAME not in line.what
    with pytest.raises(NothingToTakeBack):
        changes.undo(store, LOCAL_OWNER, dataset, line.number)
    assert store.read(None, "SELECT count(*) FROM example WHERE erased AND (question <> '' OR original <> '{}')") == [(0,)]


def test_what_is_not_agreed_to_stays_and_is_named(context: Context) -> None:
    everywhere(context)
    home = context.workshop.home
    copy = home.backups / "bottega-old.duckdb"
    copy.write_bytes(NAME.encode())
    plan, done = approved(context, text=NAME, uploads=False)
    assert files_that_hold(home.root, NAME) == ["bottega-old.duckdb", "letters.csv", *[path.name for path in home.runs.glob("*/upload-*")]]
    assert "letters.csv" in " ".join(map(str, plan.remains))
    assert "bottega-old.duckdb" in " ".join(map(str, done.beyond))


def test_the_store_goes_on_after_its_file_was_written_anew(context: Context) -> None:
    project, dataset, *_ = everywhere(context)
    approved(context, text=NAME)
    store = context.workshop.store
    changing.apply(store, LOCAL_OWNER, dataset, [RowEdit(1, messages("After", "label 0"))], "edit", WHAT)
    assert projects.get(store, LOCAL_OWNER, project.id) is not None
    store.checkpoint()
    store.close()
    with Workshop.open(context.workshop.home, kinds=()) as again:
        assert datasets.get(again.store, LOCAL_OWNER, dataset).rows == 29


def test_reads_go_on_while_the_file_is_written_anew(context: Context) -> None:
    everywhere(context)
    store, stop, found, faults = context.workshop.store, threading.Event(), [], []

    def read() -> None:
        while not stop.is_set():
            try:
                found.append(store.read(None, "SELECT count(*) FROM example WHERE gone IS NULL")[0][0])
            except StorageError as error:
                faults.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for _ in range(3):
        store.rewrite()
    stop.set()
    for reader in readers:
        reader.join()
    assert faults == []
    assert set(found) == {35}


def test_a_look_shows_where_the_name_stands_and_changes_nothing(context: Context) -> None:
    everywhere(context)
    found = perform(context, "find-person", {"text": "Quartarolo"})
    assert (found.rows, found.standing, found.files) == (7, 5, 3)
    assert {match.table for match in found.texts} == {"said", "verdict", "finding"}
    assert any(NAME in snippet for snippet in found.snippets)
    assert perform(context, "find-person", {"text": "Quartarolo"}) == found


def test_nothing_is_done_for_a_name_that_stands_nowhere_or_is_too_short_or_while_a_job_runs(context: Context) -> None:
    project, *_ = everywhere(context)
    with pytest.raises(NobodyFound):
        perform(context, "erase-person", {"text": "Nobody Atall"})
    with pytest.raises(BadValue):
        perform(context, "erase-person", {"text": "Al"})
    store, home = context.workshop.store, context.workshop.home
    jobs.create(store, LOCAL_OWNER, project.id, "train", folder=str(home.runs / "b"), subject="x")
    with pytest.raises(WorkGoesOn):
        approved(context, text=NAME)
    assert files_that_hold(home.root, NAME)


def test_another_owner_keeps_what_is_theirs(context: Context) -> None:
    everywhere(context)
    other = Context(context.workshop, "somebody else")
    with pytest.raises(NobodyFound):
        perform(other, "erase-person", {"text": NAME})


def test_every_column_that_holds_what_people_wrote_is_looked_into(context: Context) -> None:
    known = {
        "id", "owner", "dataset", "project", "version", "split", "job", "run", "round", "actor", "part", "state", "kind", "shape", "task", "precision",
        "sha256", "content_hash", "token_hash", "path", "folder", "key", "speaker", "subject", "review", "reviewer", "check", "columns", "chosen",
        "left_model", "right_model", "new_run", "stage",
    }  # fmt: skip
    sql = "SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal AND data_type = 'VARCHAR'"
    found = set(context.workshop.store.read(None, sql))
    looked_into = {(table, column) for table, (_, columns) in TEXTS.items() for column in columns}
    elsewhere = {("upload", "name"), ("migration", "name"), ("point", "name"), ("artefact", "name")}  # a file's name goes with the file
    left = {(table, column) for table, column in found - looked_into - elsewhere if table != "example" and column not in known}
    assert left == set()


names = st.lists(st.text(alphabet="abcdefgèéàöñ", min_size=2, max_size=8), min_size=1, max_size=3).map(" ".join).filter(lambda name: len(name) > 3)


@settings(deadline=None)
@given(names, st.text(alphabet=" .,;\n\"'!?", min_size=1, max_size=5), st.text(alphabet=" .,;\n\"'!?", min_size=1, max_size=5))
def test_a_name_is_found_in_any_case_raw_and_as_json_and_stars_keep_the_length(name: str, before: str, after: str) -> None:
    person = Person([name])
    for written in (name, name.upper(), name.replace(" ", "\n"), name.replace(" ", "  ")):
        for text in (
            f"x{before}{written}{after}x",
            json.dumps(f"x{before}{written}{after}x"),
            json.dumps(f"x{before}{written}{after}x", ensure_ascii=False),
        ):
            assert person.is_in(text), text
            assert not person.is_in(person.erased_from(text))
            assert len(person.starred_in(text).encode()) == len(text.encode())


@pytest.mark.parametrize(("name", "text"), [("Ann", "Annual"), ("Ann", "Joann"), ("Rossi", "Rossini"), ("Al Rossi", "Val Rossi")])
def test_a_name_is_not_found_within_another_word(name: str, text: str) -> None:
    assert not Person([name]).is_in(text)
    assert Person([name]).erased_from(text) == text


@pytest.mark.parametrize("text", ["O’Brien", "O'BRIEN", "o'brien"])
def test_an_apostrophe_may_be_written_either_way(text: str) -> None:
    assert Person(["O'Brien"]).is_in(text)


def test_a_double_name_is_one_with_and_without_its_hyphen() -> None:
    assert all(
        Person([name]).is_in(text) for name in ("Anna-Maria Bo", "Anna Maria Bo") for text in ("anna-maria bo", "Anna Maria  Bo", "Anna_Maria_Bo")
    )


def test_a_change_that_touched_an_erased_row_can_still_be_taken_back_and_the_row_stays_gone(context: Context) -> None:
    _, dataset = filled(context.workshop.store, [(f"A letter of {NAME}", "a"), ("Another letter", "a"), (f"Gone: {NAME}", "a")])
    store = context.workshop.store
    perform(context, "approve", {"dataset": dataset, "rows": [1, 2, 3]})
    edited = changing.apply(
        store, LOCAL_OWNER, dataset, [RowEdit(1, messages(f"To {NAME}", "b")), RowEdit(2, messages("Edited", "b")), RowEdit(3, None)], "edit", WHAT
    )
    approved(context, text=NAME)
    changes.undo(store, LOCAL_OWNER, dataset, edited.number)
    changes.undo(store, LOCAL_OWNER, dataset)  # the approval
    standing = store.read(None, "SELECT position, question, erased FROM example WHERE dataset = ? AND gone IS NULL", [dataset])
    assert standing == [(2, "Another letter", False)]
    assert store.read(None, "SELECT position FROM mark WHERE dataset = ? AND gone IS NULL", [dataset]) == []
    assert freeze_version(store, dataset).rows == 1


def test_an_exported_version_goes_with_the_person_that_it_holds_and_others_stay(context: Context) -> None:
    project, _, version, *_ = everywhere(context)
    store, home = context.workshop.store, context.workshop.home
    _, elsewhere = filled(store, support_rows(3))
    made = {}
    for name, held in (("b" * 13, version), ("c" * 13, freeze_version(store, elsewhere))):
        folder = home.runs / name
        folder.mkdir()
        (folder / "export.zip").write_bytes(b"packed")
        jobs.create(store, LOCAL_OWNER, project.id, "export-data", folder=str(folder), subject=held.id, id=name)
        jobs.take(store, name, offset=0, state=JobState.DONE)
        made[held.id] = folder / "export.zip"
    before = perform(context, "find-person", {"text": NAME}).files
    _, done = approved(context, text=NAME)
    assert [path.exists() for path in made.values()] == [False, True]
    assert done.files == before == 4
