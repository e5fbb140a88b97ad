"""What a person can do with projects and data, through the registry, on a real store with real import jobs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actions.registry import Context, actions, perform, request_for
from core.data.kind import KINDS
from core.errors import BadValue, NotFound, UserError
from core.home import Home
from core.workshop import Workshop
from storage.rows import Job, JobState, OwnerId, Part
from tests.agreeing import agreed
from tests.unit.data_files import real_file, written

_GROUPS = ("project", "data", "rows", "edits", "reviews", "views", "bulk", "split")
_ROWS = 60


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=KINDS) as workshop:
        yield Context(workshop, OwnerId("anna"))


@pytest.fixture(scope="module")
def stranger(context: Context) -> Context:
    return Context(context.workshop, OwnerId("mallory"))


@pytest.fixture(scope="module")
def labelled(context: Context, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A dataset of 60 rows in 3 categories, with a column of customers."""
    lines = ["text,label,customer", *(f"Message number {n} about topic {n % 3},k{n % 3},c{n // 4}" for n in range(_ROWS))]
    return _import(context, written(tmp_path_factory.mktemp("files"), "\n".join(lines), "labelled.csv")).subject


def _import(context: Context, path: Path, project: str | None = None, **values: Any) -> Job:
    project = project or perform(context, "create-project", {"name": path.stem}).id
    upload = context.workshop.take_upload(context.actor, path.name, path)
    job = perform(context, "import", {"upload": upload.id, "project": project, **values})
    return context.workshop.supervisor.wait(job.id, 60)


def test_every_example_is_a_valid_request() -> None:
    ours = [action for action in actions().values() if action.group in _GROUPS]
    assert len(ours) >= 20
    for action in ours:
        request_for(action, action.example)
        assert action.sentence.endswith(".")


def test_another_owners_ids_answer_as_if_they_did_not_exist(context: Context, stranger: Context, labelled: str) -> None:
    project = perform(context, "projects", {})[0].project
    upload = context.workshop.take_upload(context.actor, "a.csv", iter([b"text,label\na,b\n"])).id
    example = perform(context, "rows", {"dataset": labelled}).examples[0].id
    mine = perform(stranger, "create-project", {"name": "Mine"}).id
    ids = {
        "project": project,
        "dataset": labelled,
        "upload": upload,
        "example": example,
        "name": "x",
        "answer": "k1",
        "keep": 1,
        "others": [2],
        "rows": [1],
        "tag": "x",
        "add_tag": "x",
        "filter": {},
    }
    tried = set()
    for verb, action in actions().items():
        fields = action.request.model_fields
        if action.group not in _GROUPS or not {"project", "dataset", "upload", "example"} & {
            name for name, field in fields.items() if field.is_required()
        }:
            continue
        values = {name: ids[name] for name, field in fields.items() if name in ids and (field.is_required() or name in ("answer", "add_tag"))}
        with pytest.raises(NotFound):
            perform(stranger, verb, values)
        tried.add(verb)
    assert {"import", "preview", "sample", "delete-project", "rows", "edit", "undo", "split"} <= tried
    for stolen in ({"upload": upload, "project": mine}, {"upload": upload, "project": project}):
        with pytest.raises(NotFound):
            perform(stranger, "import", stolen)
    assert [found.name for found in perform(stranger, "projects", {})] == ["Mine"]
    assert perform(context, "rows", {"dataset": labelled}).total == _ROWS


def test_the_sample_becomes_a_dataset_of_400_rows_in_8_categories(context: Context) -> None:
    project = perform(context, "create-project", {"name": "Sample"}).id
    job = context.workshop.supervisor.wait(perform(context, "sample", {"project": project}).id, 60)
    assert job.state is JobState.DONE
    facts = perform(context, "facts", {"dataset": job.subject})
    assert facts.dataset.rows == 400
    assert [count for _, count in facts.labels] == [50] * 8
    assert perform(context, "datasets", {"project": project})[0].columns == ("message", "category", "channel")
    assert perform(context, "rows", {"dataset": job.subject, "search": "KETTLE"}).total > 0


def test_a_file_with_a_bad_row_leaves_no_dataset_and_says_which_row(context: Context, tmp_path: Path) -> None:
    project = perform(context, "create-project", {"name": "Bad"}).id
    path = written(tmp_path, "text,label\n" + "".join(f"t{n},k{n % 2}\n" for n in range(20)) + "broken,\n", "bad.csv")
    job = _import(context, path, project)
    assert job.state is JobState.FAILED
    assert job.error is not None
    error = json.loads(job.error)
    assert error["error"] == "BadRow"
    assert "Row 21" in error["sentence"]
    assert error["facts"]["what_key"] == "empty_cell"
    assert error["facts"]["row"] == 21
    assert perform(context, "datasets", {"project": project}) == ()
    kept = _import(context, path, project, leave_out_incomplete=True)
    assert kept.state is JobState.DONE
    facts = perform(context, "facts", {"dataset": kept.subject})
    assert facts.dataset.rows == 20
    assert "Left out of bad.csv: 1 row(s), the first: Row 21" in str(facts.notes[0])


def test_rows_are_paged_searched_and_filtered(context: Context, labelled: str) -> None:
    first = perform(context, "rows", {"dataset": labelled, "size": 25})
    second = perform(context, "rows", {"dataset": labelled, "size": 25, "after": first.next})
    assert first.total == _ROWS
    assert [example.row for example in (*first.examples, *second.examples)] == list(range(1, 51))
    assert perform(context, "rows", {"dataset": labelled, "search": "topic 2", "label": "k2"}).total == 20
    assert perform(context, "rows", {"dataset": labelled, "search": "100%_"}).total == 0


def test_an_edit_a_deletion_and_their_undo(context: Context, labelled: str) -> None:
    before = perform(context, "rows", {"dataset": labelled}).examples[3]
    perform(context, "edit", {"example": before.id, "question": "Quite another text", "answer": "k9"})
    perform(context, "delete-row", {"example": before.id})
    assert perform(context, "rows", {"dataset": labelled}).total == _ROWS - 1
    perform(context, "undo", {"dataset": labelled})
    changed = perform(context, "rows", {"dataset": labelled, "search": "quite another"}).examples[0]
    assert (changed.id, changed.answer, changed.edited) == (before.id, "k9", True)
    seen = perform(context, "history", {"dataset": labelled, "example": before.id})
    assert [change.kind for change in seen.changes] == ["undo", "delete", "edit", "import"]
    assert [state.messages is None for state in seen.states] == [False, True, False, False]
    assert json.loads(seen.original) == json.loads(before.original)
    perform(context, "undo", {"dataset": labelled})
    after = perform(context, "rows", {"dataset": labelled}).examples[3]
    assert (after.content_hash, after.messages) == (before.content_hash, before.messages)
    with pytest.raises(UserError, match="no change of rows"):
        perform(context, "undo", {"dataset": labelled})


@pytest.mark.parametrize("values", [{"answer": " "}, {"question": ""}, {"answer": "a\0b"}])
def test_an_edit_that_leaves_no_row_to_learn_from_is_refused(values: dict[str, str], context: Context, labelled: str) -> None:
    example = perform(context, "rows", {"dataset": labelled}).examples[0]
    with pytest.raises(BadValue, match="Nothing was changed"):
        perform(context, "edit", {"example": example.id, **values})


def test_a_split_is_seeded_stratified_and_keeps_groups_together(context: Context, labelled: str) -> None:
    split = perform(context, "split", {"dataset": labelled})
    assert split.train + split.validation + split.test == _ROWS
    assert 4 <= split.test <= 8
    assert perform(context, "split", {"dataset": labelled}).id == split.id
    summary = perform(context, "split-summary", {"dataset": labelled})
    assert {(count.part, count.label) for count in summary.counts} == {(part, f"k{n}") for part in Part for n in range(3)}
    grouped = perform(context, "split", {"dataset": labelled, "keep_together": "customer", "test_share": 0.2})
    parts = [{json.loads(row.original)["customer"] for row in perform(context, "rows", {"dataset": labelled, "part": part, "size": 500}).examples}
             for part in Part]  # fmt: skip
    assert sum(map(len, parts)) == len(set.union(*parts)) == _ROWS // 4
    assert grouped.id != split.id
    with pytest.raises(BadValue, match="the columns are text, label, customer"):
        perform(context, "split", {"dataset": labelled, "keep_together": "patient"})


def test_a_second_file_becomes_the_sealed_test(context: Context, tmp_path: Path) -> None:
    project = perform(context, "create-project", {"name": "Exam"}).id
    early = written(tmp_path, "text,label\na,b\n", "exam.csv")
    with pytest.raises(UserError, match="Import the rows to train on first"):
        _import(context, early, project, sealed=True)
    train = _import(context, written(tmp_path, "text,label\n" + "".join(f"t{n},k{n % 2}\n" for n in range(40)), "train.csv"), project)
    exam = _import(
        context, written(tmp_path, "label,text\n" + "".join(f"k{n % 2},exam {n}\n" for n in range(2)) + "k0,T5\n", "exam.csv"), project, sealed=True
    )
    assert exam.state is JobState.DONE
    assert exam.subject == train.subject
    split = perform(context, "split", {"dataset": train.subject})
    assert (split.test, split.kept_out) == (3, 1)
    assert split.train + split.validation == 39
    assert all(row.sealed for row in perform(context, "rows", {"dataset": train.subject, "part": "test"}).examples)
    with pytest.raises(UserError, match="question_answer"):
        _import(context, written(tmp_path, "question,answer\na,b\n", "other.csv"), project, sealed=True)


def test_what_cannot_be_guessed_is_asked(context: Context, tmp_path: Path) -> None:
    path = written(tmp_path, "a,b\n1,2\n3,4\n5,6\n7,8\n", "numbers.csv")
    with pytest.raises(UserError, match=r"could not be guessed from its columns \(a, b\)"):
        _import(context, path)
    done = _import(context, path, mapping={"shape": "question_answer", "columns": {"question": "a", "answer": "b"}})
    assert perform(context, "rows", {"dataset": done.subject}).examples[3].answer == "8"


def test_a_label_that_comes_once_is_no_refusal(context: Context, tmp_path: Path) -> None:
    done = _import(context, written(tmp_path, "text,label\n" + "".join(f"t{n},k{n % 2}\n" for n in range(40)) + "lonely,rare\n", "once.csv"))
    assert done.state is JobState.DONE
    assert ("rare", 1) in perform(context, "facts", {"dataset": done.subject}).labels


def test_a_project_is_saved_restored_and_deleted_with_a_plan(context: Context, labelled: str) -> None:
    project = next(found for found in perform(context, "projects", {}) if found.name == "labelled")
    saved = perform(context, "save-project", {"project": project.project})
    upload = context.workshop.take_upload(context.actor, saved.name, saved.path)
    restored = perform(context, "restore-project", {"upload": upload.id})
    copy = perform(context, "datasets", {"project": restored.id})[0]
    hashes = [[row.content_hash for row in perform(context, "rows", {"dataset": dataset, "size": 500}).examples] for dataset in (labelled, copy.id)]
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == _ROWS
    plan, deleted = agreed(context, "delete-project", {"project": restored.id})
    assert "60 row(s) with their history" in plan.goes
    assert plan.remains
    assert deleted.contents.examples == _ROWS
    with pytest.raises(NotFound):
        perform(context, "rows", {"dataset": copy.id})
    assert perform(context, "rename-project", {"project": project.project, "name": "Renamed"}).name == "Renamed"
    bad = context.workshop.take_upload(context.actor, "x.zip", iter([b"no zip"]))
    with pytest.raises(UserError, match="no saved project"):
        perform(context, "restore-project", {"upload": bad.id})


def test_a_dataset_is_deleted_with_a_plan_and_its_import_leaves_nothing(context: Context, tmp_path: Path) -> None:
    done = _import(context, written(tmp_path, "text,label\n" + "".join(f"t{n},k{n % 2}\n" for n in range(9)), "gone.csv"))
    agreed(context, "delete-dataset", {"dataset": done.subject})
    assert not Path(done.folder).exists()
    with pytest.raises(NotFound):
        perform(context, "facts", {"dataset": done.subject})


@pytest.mark.parametrize(("name", "rows", "labels", "shape"), [
    ("banking77-train.csv", 10_003, 77, "text_label"), ("medquad.jsonl.gz", 16_407, None, "question_answer"),
    ("restaurant8k-train.jsonl", 8_198, None, "text_fields"), ("glaive_toolcall_en_demo.json", 300, None, "sharegpt"),
    ("alpaca_en_demo.json", 999, None, "alpaca"), ("dialogsum-dev.jsonl", 500, None, "dialogue_summary")])  # fmt: skip
def test_real_files_are_imported_whole(name: str, rows: int, labels: int | None, shape: str, context: Context) -> None:
    done = _import(context, real_file(name))
    facts = perform(context, "facts", {"dataset": done.subject})
    assert (facts.dataset.rows, facts.dataset.shape, facts.facts.answered) == (rows, shape, rows)
    if labels is not None:
        assert len(facts.labels) == labels
    if name.endswith(".json"):
        stored = {row.row: json.loads(row.original) for row in perform(context, "rows", {"dataset": done.subject, "size": 500}).examples}
        source = json.loads(real_file(name).read_text(encoding="utf-8"))
        assert stored == dict(enumerate(source[:500], 1))
