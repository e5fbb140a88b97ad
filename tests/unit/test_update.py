"""Update with new data through the actions: a real workshop, a real store, real children, tiny real models."""

import json
from pathlib import Path

import pytest

from core.actions.registry import Context, NeedsApproval, perform
from core.actions.update import NoModelInUse, OtherColumns, UpdateGoesOn
from core.actions.update_chain import take_up
from core.data.replay import deeds
from core.errors import DiskFull
from core.home import Home
from core.jobs.refusals import CannotResume
from core.updating.document import Cases, UpdateDocument
from core.updating.kind import JUDGE_KIND
from core.updating.settings import JUDGED_FILE
from core.workshop import Workshop
from storage import changes, datasets, jobs, runs, updates
from storage.ids import new_id
from storage.rows import LOCAL_OWNER, JobId, JobState, UpdateStage
from tests.agreeing import done
from tests.unit.update_bench import followed, fruit, imported, newest, parts_of, rows_of, split_of, trained, upload


@pytest.fixture
def context(tmp_path: Path):
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text("threads = 1\n")
    with Workshop.open(home) as workshop:
        yield Context(workshop, LOCAL_OWNER)


def cleaned(context: Context, project: str):
    """Rows that were imported, one taken out by hand, a category renamed, addresses masked: all before the training."""
    rows = [*fruit(60), ("mail anna.bianchi@example.com for a plum", "plum"), ("a mispelt one", "aple"), ("take me out", "pear")]
    dataset = imported(context, project, rows)
    job = perform(context, "checkup", {"dataset": dataset.id})
    assert context.workshop.supervisor.wait(job.id, 60).state is JobState.DONE
    done(context, "mend", {"dataset": dataset.id, "check": "personal-data", "how": "mask"})
    done(context, "bulk-edit", {"dataset": dataset.id, "filter": {"label": "aple"}, "answer": "apple"})
    done(context, "bulk-delete", {"dataset": dataset.id, "filter": {"positions": [63]}})
    return dataset


def test_one_wish_reads_cleans_trains_and_compares(context: Context) -> None:
    project = perform(context, "create-project", {"name": "Fruit"}).id
    dataset = cleaned(context, project)
    old = trained(context, dataset)
    was = parts_of(context, old.split)
    rows = [*fruit(20), ("take me out", "pear"), *fruit(30, 100), ("mail carlo.verdi@example.com for a pear", "pear"), ("mispelt again", "aple")]
    values = {"project": project, "upload": upload(context, "more.csv", rows).id}
    with pytest.raises(NeedsApproval) as asked:
        perform(context, "update", values)
    assert "repeat earlier changes on the new ones (there are 2)" in str(asked.value.plan.what)
    assert "not repeated: 1" in str(asked.value.plan.what)
    perform(context, "update", values, approval=asked.value.token)
    with pytest.raises(UpdateGoesOn):
        done(context, "update", values)
    card = followed(context, project)
    assert card.error is None
    document, new = card.document, runs.get(context.workshop.store, LOCAL_OWNER, card.update.new_run)
    assert new is not None
    assert (document.rows, document.known) == (53, 21), "20 rows as they stand, and the one that was taken out by hand"
    kept = {position: row for position, row in rows_of(context, dataset.id).items() if position > 63}
    assert len(kept) == 32 == document.new
    assert ("mispelt again", "apple") in kept.values()
    assert not any("carlo.verdi" in question for question, _ in kept.values())
    assert [str(line) for line in document.done] == ["Personal data: mended in 1 new row(s)", "1 new row(s) got the answer 'apple'"]
    assert [str(line) for line in document.left] == ["A change of 1 chosen row(s) was made by hand; that says nothing of other rows."]
    now = parts_of(context, new.split)
    assert {position: now[position] for position in was} == was
    assert document.joined == sum(part == "test" for position, part in now.items() if position > 63) > 0
    assert new.recipe == old.recipe
    assert new.name == "Quick 1, update 1"
    old_side, new_side = document.side(Cases.OLD), document.side(Cases.NEW)
    assert old_side is not None
    assert new_side is not None
    assert (old_side.rows, new_side.rows) == (split_of(context, old).test, document.joined)
    assert document.headline is not None
    assert document.choice is not None
    assert split_of(context, new).opened == 1


@pytest.mark.long
def test_a_chain_goes_on_where_it_was_when_the_server_comes_back(tmp_path: Path) -> None:
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text("threads = 1\n")
    with Workshop.open(home) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        project = perform(context, "create-project", {"name": "Fruit"}).id
        trained(context, imported(context, project, fruit(60)))
        done(context, "update", {"project": project, "upload": upload(context, "more.csv", fruit(30, 100)).id})
    for _ in range(2):  # the server is ended as soon as it has come back, then stays
        with Workshop.open(home):
            pass
    with Workshop.open(home) as workshop:
        context = Context(workshop, LOCAL_OWNER)
        card = followed(context, project)
        assert card.error is None
        assert len(perform(context, "runs", {"project": project})) == 2, "no job of the chain was asked for twice"
        assert card.document.side(Cases.ALL) is not None


def test_a_file_of_known_rows_trains_nothing(context: Context) -> None:
    project = perform(context, "create-project", {"name": "Fruit"}).id
    dataset = imported(context, project, fruit(60))
    trained(context, dataset)
    done(context, "update", {"project": project, "upload": upload(context, "again.csv", fruit(40)).id})
    card = followed(context, project)
    assert "All 40 rows of again.csv were known already" in str(card.document.headline)
    assert len(perform(context, "runs", {"project": project})) == 1
    facts = datasets.facts(context.workshop.store, dataset.id)
    assert facts.rows == 60


@pytest.mark.long
def test_an_update_that_was_stopped_waits_and_goes_on(context: Context) -> None:
    project = perform(context, "create-project", {"name": "Fruit"}).id
    trained(context, imported(context, project, fruit(60)), seed=3)
    done(context, "update", {"project": project, "upload": upload(context, "more.csv", fruit(30, 100)).id})
    card = followed(context, project, UpdateStage.TRAIN)
    assert card.job is not None
    perform(context, "stop", {"project": project, "job": card.job.id})
    if context.workshop.supervisor.wait(card.job.id, 60).state is JobState.STOPPED:
        assert newest(context, project).waits
        perform(context, "go-on-update", {"update": card.update.id})
    assert followed(context, project).document.side(Cases.NEW) is not None


def test_what_keeps_an_update_from_starting_is_said_before(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    project = perform(context, "create-project", {"name": "Fruit"}).id
    dataset = imported(context, project, fruit(60))
    more = upload(context, "more.csv", fruit(30, 100)).id
    with pytest.raises(NoModelInUse):
        perform(context, "update", {"project": project, "upload": more})
    trained(context, dataset)
    other = upload(context, "other.csv", fruit(30, 100), columns=("Text", "Label")).id
    with pytest.raises(OtherColumns, match="no column 'Testo'"):
        perform(context, "update", {"project": project, "upload": other})
    monkeypatch.setattr("core.actions.update.free_bytes", lambda folder: 1_000)
    with pytest.raises(DiskFull):
        perform(context, "update", {"project": project, "upload": more})
    assert datasets.facts(context.workshop.store, dataset.id).rows == 60


def test_between_two_jobs_an_update_is_at_work_and_what_breaks_there_is_said_and_mended(context: Context) -> None:
    project, store = perform(context, "create-project", {"name": "Fruit"}).id, context.workshop.store
    run = trained(context, imported(context, project, fruit(30)))
    job_id = JobId(new_id())
    folder = context.workshop.home.runs / job_id
    folder.mkdir()
    (folder / JUDGED_FILE).write_text('[{"cases":')
    told = UpdateDocument().model_dump_json()
    begun = updates.create(store, LOCAL_OWNER, run.project, dataset=run.dataset, run=run.id, file="more.csv", told=told)
    updates.set_error(store, updates.begin_stage(store, begun.id, UpdateStage.JUDGE).id, "{}")
    jobs.create(store, LOCAL_OWNER, run.project, JUDGE_KIND.name, folder=str(folder), subject=begun.id, id=job_id)
    jobs.set_state(store, job_id, JobState.DONE)
    assert updates.set_job(store, begun.id, job_id).error is None
    assert (newest(context, project).at_work, newest(context, project).waits) == (True, False)
    with pytest.raises(CannotResume):
        perform(context, "go-on-update", {"update": begun.id})
    take_up(context.workshop)
    card = newest(context, project)
    assert card.error is not None
    assert card.error.key == "errors.UpdateBroke"
    assert (card.at_work, card.waits) == (False, True)
    (folder / JUDGED_FILE).write_text("[]")
    perform(context, "go-on-update", {"update": begun.id})
    card = newest(context, project)
    assert (card.update.stage, card.error, card.at_work, card.waits) == (UpdateStage.DONE, None, False, False)


def test_it_trains_on_the_rows_as_they_were_dealt_out_although_they_changed_since(context: Context) -> None:
    project, store = perform(context, "create-project", {"name": "Fruit"}).id, context.workshop.store
    run = trained(context, imported(context, project, fruit(30)))
    told = UpdateDocument(split=run.split).model_dump_json()
    begun = updates.create(store, LOCAL_OWNER, run.project, dataset=run.dataset, run=run.id, file="more.csv", told=told)
    updates.begin_stage(store, begun.id, UpdateStage.TRAIN)
    done(context, "bulk-delete", {"dataset": run.dataset, "filter": {"positions": [1]}})
    take_up(context.workshop)
    card = newest(context, project)
    assert card.job is not None
    context.workshop.supervisor.stop(card.job.id)
    assert runs.get(store, LOCAL_OWNER, card.update.new_run).split == run.split
    context.workshop.supervisor.wait(card.job.id, 60)


@pytest.mark.long
def test_what_was_taken_back_is_not_repeated(context: Context) -> None:
    project = perform(context, "create-project", {"name": "Fruit"}).id
    dataset = imported(context, project, fruit(30))
    done(context, "bulk-edit", {"dataset": dataset.id, "find": "order", "replace": "wish"})
    done(context, "bulk-edit", {"dataset": dataset.id, "find": "please", "replace": "now"})
    perform(context, "undo", {"dataset": dataset.id})
    known = deeds(changes.history(context.workshop.store, dataset.id))
    assert [(deed.find, deed.replace, deed.rows) for deed in known] == [("order", "wish", 30)]
    perform(context, "undo", {"dataset": dataset.id, "number": 4})
    assert len(deeds(changes.history(context.workshop.store, dataset.id))) == 2, "the undo was taken back"
    assert all("asked" not in json.loads(change.what)["english"] for change in changes.history(context.workshop.store, dataset.id))
