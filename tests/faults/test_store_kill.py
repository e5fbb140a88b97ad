"""A server that is killed, a log or a file that is damaged: what was acknowledged is there, what was not is not, and nothing is thrown away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from storage import datasets, projects
from storage.bulk.importing import import_parquet
from storage.errors import StoreDamaged, StoreFull
from storage.migrations import back_up_file
from storage.recovery import Recovered, recover
from storage.rows import LOCAL_OWNER
from storage.store import Store
from tests.unit.store_rows import filled, open_store, support_rows, write_parquet

ROWS = 30_000
_IMPORT = """
import sys
from pathlib import Path
from storage import datasets, projects
from storage.bulk.importing import import_parquet
from storage.rows import LOCAL_OWNER
from storage.store import Store
home = Path(sys.argv[1])
store = Store.open(home / "bottega.duckdb", memory_limit="500MB")
dataset = datasets.create(store, LOCAL_OWNER, projects.create(store, LOCAL_OWNER, "P").id, "d", "text_label", []).id
print("begin", flush=True)
while True:
    import_parquet(store, dataset, home / "rows.parquet", sealed=False)
    print("done", flush=True)
"""


def kill_during_import(home: Path, delay_lines: int, after_s: float) -> tuple[int, int]:
    """Import again and again in another process, kill it `after_s` after so many acknowledged imports; returns (acknowledged rows, rows found)."""
    write_parquet(home / "rows.parquet", support_rows(ROWS))
    with subprocess.Popen([sys.executable, "-c", _IMPORT, str(home)], stdout=subprocess.PIPE, text=True) as child:
        for _ in range(delay_lines + 1):
            assert child.stdout.readline()
        try:
            child.wait(timeout=after_s)
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        acknowledged = delay_lines + child.stdout.read().count("done")
    with open_store(home) as store:
        [dataset] = datasets.of_project(store, projects.of_owner(store, LOCAL_OWNER)[0].id)
        hashes = store.read(None, "SELECT count(*) FROM example WHERE content_hash = row_hash(messages, question, answer)")[0][0]
        assert hashes == dataset.rows
        return acknowledged * ROWS, dataset.rows


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize(("imports", "after_s"), [(0, 0.02), (0, 0.1), (1, 0.05), (1, 0.15), (2, 0.01)])
def test_a_kill_during_an_import_leaves_all_of_it_or_nothing(tmp_path, imports, after_s):
    acknowledged, found = kill_during_import(tmp_path, imports, after_s)
    assert found % ROWS == 0
    assert found in (acknowledged, acknowledged + ROWS)  # committed, and killed before it could say so


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
@pytest.mark.parametrize("step", range(40))
def test_many_kills_during_an_import_leave_all_of_it_or_nothing(tmp_path, step):
    acknowledged, found = kill_during_import(tmp_path, step % 3, step * 0.0137)
    assert found % ROWS == 0
    assert found in (acknowledged, acknowledged + ROWS)


_LEAVE_A_LOG = """
import os, sys
from pathlib import Path
from storage import projects
from storage.rows import LOCAL_OWNER
from storage.store import Store
store = Store.open(Path(sys.argv[1]) / "bottega.duckdb", memory_limit="500MB")
projects.create(store, LOCAL_OWNER, "kept in the file")
store.checkpoint()
for number in range(50):
    projects.create(store, LOCAL_OWNER, f"only in the log {number}")
os._exit(9)
"""


def killed_with_a_log(home: Path) -> tuple[Path, Path]:
    home.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-c", _LEAVE_A_LOG, str(home)], check=False)
    path = home / "bottega.duckdb"
    log = home / "bottega.duckdb.wal"
    assert log.stat().st_size > 0
    return path, log


def test_what_was_acknowledged_before_a_kill_is_there(tmp_path):
    path, _ = killed_with_a_log(tmp_path)
    with Store.open(path) as store:
        assert len(projects.of_owner(store, LOCAL_OWNER)) == 51


def test_a_whole_file_needs_no_recovery_and_gets_no_copy(tmp_path):
    path, _ = killed_with_a_log(tmp_path)
    assert recover(path).recovered is Recovered.WHOLE
    assert list((tmp_path / "backups").iterdir()) == []
    with Store.open(path) as store:
        assert len(projects.of_owner(store, LOCAL_OWNER)) == 51


def test_a_damaged_log_is_set_aside_and_kept(tmp_path):
    path, log = killed_with_a_log(tmp_path)
    data = bytearray(log.read_bytes())
    data[len(data) // 3] ^= 0xFF
    log.write_bytes(data)
    with pytest.raises(StoreDamaged):
        Store.open(path)
    result = recover(path)
    assert (result.recovered, result.opens) == (Recovered.WITHOUT_LOG, True)
    assert bytes(data) in [kept.read_bytes() for kept in result.kept]
    with Store.open(path) as store:
        assert [project.name for project in projects.of_owner(store, LOCAL_OWNER)] == ["kept in the file"]


def test_a_damaged_file_is_replaced_by_the_newest_backup_that_opens(tmp_path):
    with open_store(tmp_path) as store:
        filled(store, support_rows(500))
    path = tmp_path / "bottega.duckdb"
    backup = back_up_file(path, "daily")
    damaged = back_up_file(path, "later")
    for file in (path, damaged):
        file.write_bytes(b"\0" * 20_000)
    result = recover(path)
    assert (result.recovered, result.backup) == (Recovered.FROM_BACKUP, backup)
    assert result.kept[0].read_bytes() == b"\0" * 20_000
    with Store.open(path) as store:
        assert store.read(None, "SELECT count(*) FROM example") == [(500,)]


def test_a_flipped_byte_among_the_rows_is_told_and_costs_those_rows_only(tmp_path):
    with open_store(tmp_path) as store:
        project, dataset = filled(store, support_rows(ROWS))
    path = tmp_path / "bottega.duckdb"
    data = bytearray(path.read_bytes())
    data[data.rfind(b"Where is order")] ^= 0xFF
    path.write_bytes(data)
    with Store.open(path) as store, pytest.raises(StoreDamaged):
        store.read(None, "SELECT count(hash(e)) FROM example e")
    result = recover(path)
    assert (result.recovered, [lost.table for lost in result.lost]) == (Recovered.IN_PART, ["example"])
    assert 0 < result.lost[0].rows < ROWS
    assert bytes(data) in [kept.read_bytes() for kept in result.kept]
    with Store.open(path) as store:
        assert projects.of_owner(store, LOCAL_OWNER) == [project]
        assert store.read(None, "SELECT count(*) FROM example WHERE content_hash = row_hash(messages, question, answer)") == [
            (ROWS - result.lost[0].rows,)
        ]
        assert datasets.get(store, LOCAL_OWNER, dataset) is not None


def test_when_nothing_reads_all_is_kept_and_nothing_is_made_up(tmp_path):
    path = tmp_path / "bottega.duckdb"
    path.write_bytes(b"\0" * 20_000)
    result = recover(path)
    assert (result.recovered, result.opens) == (Recovered.NOTHING, False)
    assert result.kept[0].read_bytes() == b"\0" * 20_000
    assert not path.exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit on the size of a file")
def test_a_full_disk_is_told_keeps_every_row_and_work_goes_on_once_there_is_room(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_store(tmp_path) as store:
        project, dataset = filled(store, support_rows(ROWS))
        store.checkpoint()
        import_parquet(store, dataset, write_parquet(tmp_path / "more.parquet", support_rows(1000)), sealed=False)
        resource.setrlimit(resource.RLIMIT_FSIZE, (store.path.stat().st_size, hard))
        try:
            with pytest.raises(StoreFull) as full:
                store.checkpoint()
            assert isinstance(full.value.__cause__, duckdb.FatalException)  # after which DuckDB itself would refuse everything
            assert datasets.get(store, LOCAL_OWNER, dataset).rows == ROWS + 1000
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert projects.say(store, project.id, "you", "there is room again").id == 1
        store.checkpoint()
    with open_store(tmp_path) as store:
        assert store.read(None, "SELECT count(*) FROM example WHERE content_hash <> row_hash(messages, question, answer)") == [(0,)]
