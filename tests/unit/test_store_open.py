"""Opening, owning, hardening and migrating the file."""

import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from storage import projects
from storage.archive import backup
from storage.bulk.keys import KEY
from storage.errors import StoreBusy, StoreClosed, StoreDamaged, StoreTooNew
from storage.migrations import apply, back_up_file, migrate, migrations
from storage.rows import LOCAL_OWNER
from storage.salvage import salvage
from storage.store import Store
from tests.unit.store_rows import filled, open_store, support_rows

_HOLD = """
import sys
from pathlib import Path
from storage.store import Store
with Store.open(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_second_process_is_refused_and_told_who_owns_the_file(tmp_path):
    path = tmp_path / "bottega.duckdb"
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout.readline() == "open\n"
        with pytest.raises(StoreBusy) as refused:
            Store.open(path)
        owner.communicate("")
    assert refused.value.process_id == owner.pid
    Store.open(path).close()


def test_opening_the_same_file_twice_in_one_process_is_refused(tmp_path):
    with open_store(tmp_path), pytest.raises(StoreBusy):
        Store.open(tmp_path / "bottega.duckdb")
    Store.open(tmp_path / "bottega.duckdb").close()


def test_a_file_that_is_no_database_is_told_as_damaged(tmp_path):
    (tmp_path / "bottega.duckdb").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreDamaged):
        Store.open(tmp_path / "bottega.duckdb")


def test_a_file_of_a_newer_version_is_left_alone(tmp_path):
    with open_store(tmp_path) as store:
        store.write(lambda connection: connection.execute("INSERT INTO migration VALUES (9999, 'future', now()::TIMESTAMP)"))
    with pytest.raises(StoreTooNew):
        Store.open(tmp_path / "bottega.duckdb")


def test_a_migration_copies_the_file_first_and_the_copy_opens(tmp_path):
    with open_store(tmp_path) as store:
        filled(store, support_rows(30))
    schema = tmp_path / "schema"
    schema.mkdir()
    for step in migrations():
        (schema / step.path.name).write_text(step.path.read_text(encoding="utf-8"), encoding="utf-8")
    number = len(migrations()) + 1
    (schema / f"{number:04d}_colour.sql").write_text("ALTER TABLE project ADD COLUMN colour VARCHAR; UPDATE project SET colour = 'green';")
    path = tmp_path / "bottega.duckdb"
    connection = migrate(path, duckdb.connect(str(path)), lambda: duckdb.connect(str(path)), schema)
    assert connection.execute("SELECT colour FROM project").fetchall() == [("green",)]
    connection.close()
    [copy] = (tmp_path / "backups").glob("*.duckdb")
    with Store.open(copy) as before:
        assert before.read(None, "SELECT count(*) FROM example") == [(30,)]


def test_a_failing_migration_changes_nothing(tmp_path):
    with open_store(tmp_path) as store:
        filled(store, support_rows(3))
    schema = tmp_path / "schema"
    schema.mkdir()
    for step in migrations():
        (schema / step.path.name).write_text(step.path.read_text(encoding="utf-8"), encoding="utf-8")
    (schema / f"{len(migrations()) + 1:04d}_wrong.sql").write_text("ALTER TABLE project ADD COLUMN colour VARCHAR; SELECT * FROM nowhere;")
    path = tmp_path / "bottega.duckdb"
    with pytest.raises(duckdb.Error):
        migrate(path, duckdb.connect(str(path)), lambda: duckdb.connect(str(path)), schema)
    with open_store(tmp_path) as store:
        columns = store.read(None, "SELECT column_name FROM duckdb_columns() WHERE table_name = 'project'")
        assert ("colour",) not in columns


def test_a_new_file_is_not_backed_up(tmp_path):
    with open_store(tmp_path):
        assert not (tmp_path / "backups").exists()


def test_a_backup_is_taken_while_others_write(tmp_path):
    target = tmp_path / "elsewhere" / "copy.duckdb"
    target.parent.mkdir()
    with open_store(tmp_path / "home") as store:
        project, _ = filled(store, support_rows(200))
        stop, written = threading.Event(), []

        def write_on() -> None:
            while not stop.is_set():
                written.append(projects.say(store, project.id, "you", "still here").id)

        writer = threading.Thread(target=write_on)
        writer.start()
        backup(store, target)
        stop.set()
        writer.join()
        assert store.read(None, "SELECT count(*) FROM said") == [(len(written),)]
    with Store.open(target) as copy:
        assert copy.read(None, "SELECT count(*) FROM example") == [(200,)]
        assert len(projects.said(copy, project.id)) <= len(written)
    assert not list(target.parent.glob(".*"))


def test_another_process_is_still_refused_after_a_backup(tmp_path):
    """Copying the file by hand would drop the process's lock on it."""
    with open_store(tmp_path) as store:
        backup(store, tmp_path / "copy.duckdb")
        command = "import sys, duckdb\ntry: duckdb.connect(sys.argv[1])\nexcept duckdb.IOException: sys.exit(7)"
        assert subprocess.run([sys.executable, "-c", command, str(store.path)]).returncode == 7


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/bottega_leak.csv'",
        "ATTACH '/tmp/bottega_leak.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '100GB'",
        "SET lock_configuration = false",
        "SELECT * FROM read_csv('https://example.org/x.csv')",
        "SELECT * FROM local_variable",
    ],
)
def test_sql_reaches_nothing_outside_the_home_and_changes_no_setting(tmp_path, sql):
    local_variable = [1]
    with open_store(tmp_path) as store, pytest.raises(duckdb.Error):
        store.read(None, sql)
    assert local_variable == [1]
    assert not Path("/tmp/bottega_leak.csv").exists()


def test_a_neighbour_folder_with_the_same_beginning_is_outside(tmp_path):
    (tmp_path / "home2").mkdir()
    (tmp_path / "home2" / "x.csv").write_text("a\n1\n")
    with open_store(tmp_path / "home") as store:
        with pytest.raises(duckdb.Error):
            store.read(None, "SELECT * FROM read_csv(?)", [str(tmp_path / "home2" / "x.csv")])
        with pytest.raises(duckdb.Error):
            store.read(None, "SELECT * FROM read_csv(?)", [str(tmp_path / "home" / ".." / "home2" / "x.csv")])


def test_a_write_that_raises_leaves_nothing_behind(tmp_path):
    with open_store(tmp_path) as store:

        def half(connection: duckdb.DuckDBPyConnection) -> None:
            projects.create(store, LOCAL_OWNER, "inside")
            assert len(projects.of_owner(store, LOCAL_OWNER)) == 1  # a read inside sees what was written
            raise ValueError("stop")

        with pytest.raises(ValueError, match="stop"):
            store.write(half)
        assert projects.of_owner(store, LOCAL_OWNER) == []


def test_many_threads_write_and_read_at_once_and_nothing_is_lost(tmp_path):
    with open_store(tmp_path) as store:
        project = projects.create(store, LOCAL_OWNER, "P")

        def talk() -> None:
            for _ in range(10):
                projects.say(store, project.id, "you", "hello")
                projects.said(store, project.id)

        threads = [threading.Thread(target=talk) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [line.id for line in projects.said(store, project.id)] == list(range(1, 81))


def test_a_closed_store_says_so(tmp_path):
    with open_store(tmp_path) as store:
        pass
    with pytest.raises(StoreClosed):
        projects.create(store, LOCAL_OWNER, "late")
    with pytest.raises(StoreClosed):
        projects.of_owner(store, LOCAL_OWNER)
    store.close()


def test_a_copy_of_a_file_gets_its_own_name_each_time(tmp_path):
    with open_store(tmp_path):
        pass
    assert back_up_file(tmp_path / "bottega.duckdb", "x") != back_up_file(tmp_path / "bottega.duckdb", "x")


def test_keys_of_another_hash_are_made_anew_at_the_next_opening(tmp_path):
    keys = f"SELECT position, {KEY} FROM example ORDER BY position"
    with open_store(tmp_path) as store:
        filled(store, [("Where?", "a"), ("where?", "b"), ("When?", "c")])
        before = store.read(None, keys)
        store.write(lambda connection: connection.execute("UPDATE example SET question_key = position"))
        store.write(lambda connection: connection.execute("UPDATE made_by SET mark = 7"))
    with open_store(tmp_path) as store:
        assert store.read(None, keys) == before
        assert before[0][1] == before[1][1] != before[2][1]


def test_keys_are_made_anew_where_nobody_knows_what_made_them(tmp_path):
    keys = f"SELECT position, {KEY} FROM example ORDER BY position"
    with open_store(tmp_path) as store:
        filled(store, [("Where?", "a"), ("When?", "c")])
        before = store.read(None, keys)
        store.write(lambda connection: connection.execute("UPDATE example SET question_key = position"))
        store.write(lambda connection: connection.execute("DELETE FROM made_by"))
    with open_store(tmp_path) as store:
        assert store.read(None, keys) == before
    with open_store(tmp_path) as store:
        assert store.read(None, keys) == before


def test_what_is_saved_of_a_file_of_an_older_schema_is_brought_up_to_date(tmp_path):
    connection = duckdb.connect(str(tmp_path / "old.duckdb"))
    apply(connection, migrations()[:1])
    connection.execute("""
        INSERT INTO example VALUES ('a', 'local', 'd', 1, '[{"content":"Où?","role":"user"}]', 'Où?', NULL, 'h', 'h', 'f', 1, '{}', false, 7, 'ou? ', 1, NULL)
    """)
    connection.execute("INSERT INTO edit VALUES (1, 'local', 'd', 'a', 'local', '2026-01-01', 'x', 'y', false)")
    connection.close()
    assert salvage(tmp_path / "old.duckdb", tmp_path / "bottega.duckdb") == ()
    with open_store(tmp_path) as store:
        assert store.read(None, "SELECT position, question, erased FROM example") == [(1, "Où?", False)]
        assert store.read(None, "SELECT kind FROM change") == [("edit",)]
