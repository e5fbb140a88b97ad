"""The doctor through the registry, on a real store with real check-up jobs: found, shown, mended, undone, looked at again."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actions.doctor import FindingsView, ensure_checkup
from core.actions.mend import NothingToMend
from core.actions.registry import Context, actions, perform, request_for
from core.data.doctor.base import UnknownCheck, checks
from core.errors import NotFound
from core.home import Home
from core.workshop import Workshop
from storage.bulk import splitting, writing
from storage.rows import DatasetId, JobState, OwnerId
from tests.agreeing import agreed
from tests.unit.data_files import written

_MESSY = (
    "My mail is anna@example.org and I wait,delivery\nMy mail is anna@example.org and I wait,delivery\nperchÃ© non arriva il pacco,refund\n"
    "&nbsp;Where is<br>it?,refund\nIs this spelled so?,Delivery\nIs this spelled so?,refund\n"
)
_WAIT_S = 60


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path / "home")) as workshop:
        yield Context(workshop, OwnerId("anna"))


@pytest.fixture
def dataset(context: Context, tmp_path: Path) -> str:
    lines = "text,label\n" + "".join(f"Where is my order number {n}?,{'delivery' if n % 2 else 'refund'}\n" for n in range(30)) + _MESSY
    project = perform(context, "create-project", {"name": "Messy"}).id
    upload = context.workshop.take_upload(context.actor, "messy.csv", written(tmp_path, lines, "messy.csv"))
    job = context.workshop.supervisor.wait(perform(context, "import", {"upload": upload.id, "project": project}).id, _WAIT_S)
    assert job.state is JobState.DONE, job.error
    return job.subject


def _looked(context: Context, dataset: str) -> FindingsView:
    """The findings once they are of the rows as they stand."""
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        view = perform(context, "findings", {"dataset": dataset})
        if view.document is not None and not view.stale and view.running is None:
            assert isinstance(view, FindingsView)
            return view
        job = view.running or perform(context, "checkup", {"dataset": dataset})
        context.workshop.supervisor.wait(job.id, _WAIT_S)
    raise AssertionError("no check-up of the rows as they stand")


def _mend(context: Context, **values: Any) -> Any:
    return agreed(context, "mend", values)


def _rows(view: FindingsView, name: str) -> int:
    assert view.document is not None
    line = view.document.line(name)
    assert line is not None
    return line.rows


def test_after_an_import_the_doctor_looks_by_itself_and_every_check_has_a_line(context: Context, dataset: str) -> None:
    view = _looked(context, dataset)
    assert [card.name for card in view.checks] == list(checks())
    assert view.document is not None
    assert view.document.rows == 36
    assert {name: _rows(view, name) for name in ("personal-data", "exact-duplicates", "encoding-damage", "html-remains", "label-spelling", "contradictions")} == {
        "personal-data": 2, "exact-duplicates": 2, "encoding-damage": 1, "html-remains": 1, "label-spelling": 1, "contradictions": 2,
    }  # fmt: skip
    leak = view.document.line("leakage")
    assert leak is not None
    assert leak.state == "not checked"
    rows = perform(context, "finding-rows", {"dataset": dataset, "check": "exact-duplicates", "size": 1})
    assert (rows.total, rows.next, rows.found[0].position) == (2, 1, 31)
    near = context.workshop.store.read(None, "SELECT position, bundle FROM near WHERE dataset = ? ORDER BY position", [dataset])
    assert [position for position, _ in near] == [31, 32, 35, 36]
    assert len({bundle for _, bundle in near}) == 2


def test_masking_shows_its_plan_changes_the_rows_once_and_can_be_taken_back(context: Context, dataset: str) -> None:
    _looked(context, dataset)
    plan, change = _mend(context, dataset=dataset, check="personal-data")
    assert "2 row(s)" in str(plan.what)
    assert plan.preview[0] == ("My mail is anna@example.org and I wait / delivery", "My mail is [E-MAIL 1] and I wait / delivery")
    assert change.rows == 2
    assert _rows(_looked(context, dataset), "personal-data") == 0
    perform(context, "undo", {"dataset": dataset})
    assert _rows(_looked(context, dataset), "personal-data") == 2


def test_keeping_one_and_merging_labels_mend_what_they_say(context: Context, dataset: str) -> None:
    _looked(context, dataset)
    _, change = _mend(context, dataset=dataset, check="exact-duplicates", how="keep-one")
    assert change.rows == 1
    _looked(context, dataset)
    _mend(context, dataset=dataset, check="label-spelling")
    view = _looked(context, dataset)
    assert (_rows(view, "exact-duplicates"), _rows(view, "label-spelling")) == (0, 0)
    assert view.document is not None
    assert view.document.rows == 35


def test_a_mend_of_an_older_look_leaves_alone_what_was_changed_since(context: Context, dataset: str) -> None:
    _looked(context, dataset)
    store = context.workshop.store
    id = store.read(None, "SELECT id FROM example WHERE dataset = ? AND position = 33 AND gone IS NULL", [dataset])[0][0]
    perform(context, "edit", {"example": id, "question": "I wrote it anew"})
    with pytest.raises(NothingToMend):
        perform(context, "mend", {"dataset": dataset, "check": "encoding-damage"})
    assert store.read(None, "SELECT question FROM example WHERE id = ? AND gone IS NULL", [id]) == [("I wrote it anew",)]


def test_a_leak_is_taken_out_of_the_learning_and_the_exam_stays_what_it_was(context: Context, dataset: str) -> None:
    store, id = context.workshop.store, DatasetId(dataset)
    first = perform(context, "split", {"dataset": dataset})
    # A leak that no split of ours would make: the second of two equal rows is put into the exam.
    store.write(
        lambda connection: connection.execute(
            "UPDATE split_row SET part = CASE position WHEN 31 THEN 'train' ELSE 'test' END WHERE split = ? AND position IN (31, 32)", [first.id]
        )
    )
    exam = "SELECT position FROM split_row WHERE split = ? AND part = 'test' ORDER BY position"
    rejected = store.read(None, "SELECT min(position) FROM split_row WHERE split = ? AND part = 'train'", [first.id])[0][0]
    perform(context, "reject", {"dataset": dataset, "rows": [rejected]})
    before = store.read(None, exam, [first.id])
    learned = store.read(None, "SELECT count(*) FROM split_row WHERE split = ? AND part = 'train'", [first.id])[0][0]
    perform(context, "own-cases", {"dataset": dataset, "text": "Where is my order?"})
    assert _rows(_looked(context, dataset), "leakage") == 2
    _, change = _mend(context, dataset=dataset, check="leakage")
    assert change.rows == 1
    latest = splitting.latest_split(store, id)
    assert latest is not None
    assert latest.id != first.id
    assert latest.version != first.version
    assert store.read(None, exam, [latest.id]) == before
    assert latest.test == len(before)
    assert latest.train == learned - 2  # without the leak and the rejected row, which the version does not hold
    assert _rows(_looked(context, dataset), "leakage") == 0


def test_marking_puts_a_tag_on_the_rows(context: Context, dataset: str) -> None:
    _looked(context, dataset)
    _, change = _mend(context, dataset=dataset, check="contradictions", how="mark")
    assert change.rows == 2
    assert context.workshop.store.read(None, "SELECT count(*) FROM mark WHERE dataset = ? AND list_contains(tags, 'contradictions')", [dataset]) == [
        (2,)
    ]


def test_own_cases_are_kept_from_one_look_to_the_next(context: Context, dataset: str) -> None:
    perform(context, "own-cases", {"dataset": dataset, "text": "Where is my order?\n\nMy kettle\nis broken"})
    view = _looked(context, dataset)
    assert view.document is not None
    assert view.document.own_cases == ("Where is my order?", "My kettle\nis broken")
    _mend(context, dataset=dataset, check="personal-data")
    view = _looked(context, dataset)
    assert view.document is not None
    assert view.document.own_cases == ("Where is my order?", "My kettle\nis broken")


def test_one_look_at_a_time_and_none_where_nothing_changed(context: Context, dataset: str) -> None:
    _looked(context, dataset)
    assert ensure_checkup(context, dataset) is None
    job = perform(context, "checkup", {"dataset": dataset})
    assert perform(context, "checkup", {"dataset": dataset}).id == job.id
    assert ensure_checkup(context, dataset) is None
    assert ensure_checkup(context, "nosuchdataset") is None
    context.workshop.supervisor.wait(job.id, _WAIT_S)


def test_a_change_is_told_before_the_rows_are_written_for_the_doctor(context: Context, dataset: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _looked(context, dataset)
    told, write = threading.Event(), writing.write_current
    monkeypatch.setattr(writing, "write_current", lambda *given: write(*given) if told.wait(10) else "")
    row = perform(context, "rows", {"dataset": dataset}).examples[0]
    perform(context, "edit", {"example": row.id, "question": "Where is my other order?"})
    view = perform(context, "findings", {"dataset": dataset})
    assert view.stale
    assert view.running is None
    told.set()
    assert not _looked(context, dataset).stale


def test_a_dataset_is_deleted_although_the_doctor_looks(context: Context, dataset: str) -> None:
    job = perform(context, "checkup", {"dataset": dataset})
    agreed(context, "delete-dataset", {"dataset": dataset})
    assert not Path(job.folder).exists()
    assert not list(context.workshop.home.runs.glob("*/*.parquet"))


def test_a_stranger_sees_nothing_and_every_example_is_a_valid_request(context: Context, dataset: str) -> None:
    stranger = Context(context.workshop, OwnerId("mallory"))
    values = {"check": "leakage", "text": "x"}
    for action in actions().values():
        if action.group in ("doctor", "mend"):
            request_for(action, action.example)
            with pytest.raises(NotFound):
                perform(stranger, action.verb, {"dataset": dataset, **{name: values[name] for name in action.request.model_fields if name in values}})
    with pytest.raises(UnknownCheck):
        perform(context, "mend", {"dataset": dataset, "check": "nothing"})


def test_a_project_is_deleted_although_the_doctor_looks(context: Context, dataset: str) -> None:
    perform(context, "own-cases", {"dataset": dataset, "text": "x"})
    project = perform(context, "projects", {})[0].project
    agreed(context, "delete-project", {"project": project})
    assert perform(context, "projects", {}) == ()
