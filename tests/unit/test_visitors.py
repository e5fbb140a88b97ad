"""Hosted: what visitors brought is erased after a while, files too; the local owner's things never are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.actions.registry import Context, perform
from core.home import Home
from core.jobs.selftest import SelfTest
from core.visitors import erase_visitors
from core.workshop import Workshop
from storage import projects, uploads
from storage.rows import LOCAL_OWNER, OwnerId

OLD, NEW = OwnerId("v-old"), OwnerId("v-new")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with Workshop.open(Home(tmp_path / "home").prepare(), hosted=True) as opened:
        yield opened


def _bring(workshop: Workshop, owner: OwnerId, hours_ago: float) -> Path:
    perform(Context(workshop, owner), "create-project", {"name": "Mine"})
    upload = workshop.take_upload(owner, "rows.csv", [b"text,label\n"])
    then = (datetime.now(UTC) - timedelta(hours=hours_ago)).replace(tzinfo=None)
    for table in ("project", "upload"):
        workshop.store.write(lambda connection, table=table: connection.execute(f"UPDATE {table} SET created_at = ? WHERE owner = ?", [then, owner]))
    return workshop.upload_path(owner, upload.id)


def test_after_a_day_a_visitors_rows_and_files_are_gone_and_nobody_elses(workshop: Workshop) -> None:
    old, new, local = _bring(workshop, OLD, 25), _bring(workshop, NEW, 1), _bring(workshop, LOCAL_OWNER, 100)
    assert erase_visitors(workshop, older_than_hours=24) == 1
    assert (old.exists(), new.exists(), local.exists()) == (False, True, True)
    assert projects.of_owner(workshop.store, OLD) == []
    assert uploads.of_owner(workshop.store, OLD) == []
    assert len(projects.of_owner(workshop.store, NEW)) == len(projects.of_owner(workshop.store, LOCAL_OWNER)) == 1


def test_a_visitor_who_came_back_lately_keeps_the_older_things_too(workshop: Workshop) -> None:
    _bring(workshop, OLD, 30)
    perform(Context(workshop, OLD), "create-project", {"name": "Today"})
    assert erase_visitors(workshop, older_than_hours=24) == 0
    assert len(projects.of_owner(workshop.store, OLD)) == 2


def test_what_is_at_work_for_a_visitor_is_stopped_before_it_is_erased(workshop: Workshop) -> None:
    _bring(workshop, OLD, 25)
    project = projects.of_owner(workshop.store, OLD)[0]
    settings = SelfTest(count=10_000, pause_s=0.05)
    job = workshop.supervisor.submit("selftest", settings, owner=OLD, project=project.id, subject="count")
    assert erase_visitors(workshop, older_than_hours=24) == 1
    assert not Path(job.folder).exists()
    assert projects.of_owner(workshop.store, OLD) == []
