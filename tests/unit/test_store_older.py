"""A file of an earlier release: what it holds is kept, and what is worked out otherwise now is worked out anew."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from storage import datasets
from storage.bulk.importing import import_parquet
from storage.bulk.versions import recomputed_hash
from storage.migrations import apply, migrations
from storage.rows import DatasetId, VersionId
from storage.store import Store
from tests.unit.store_rows import messages, row_hash, write_parquet

_MOMENT = "2026-11-24"
_TOOLS = json.dumps([{"content": "Call it", "role": "user"}, {"content": "Done", "role": "assistant", "tool": 1}], separators=(",", ":"))
# position, messages, question, answer, content_hash, imported_hash, erased, born, gone: as a release of schema 2 wrote them.
_ROWS = (
    (1, None, "Where?", "Here", "old 1", None, False, 1, None),
    (2, _TOOLS, "Call it", "Done", "old 2", None, False, 1, None),
    (3, None, "Why?", "Because", "old 3", None, False, 1, 2),
    (3, None, "Why?", "So", "old 4", "old 3", False, 2, None),
    (4, None, "", None, "old 5", None, True, 1, None),
    (5, None, "Rejected", "x", "old 6", None, False, 1, None),
    (6, None, "Wait", None, "old 7", None, False, 1, None),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Opened by this release."""
    path = tmp_path / "bottega.duckdb"
    with duckdb.connect(str(path)) as connection:
        apply(connection, migrations()[:2])
        connection.execute(f"INSERT INTO project BY NAME SELECT 'p' AS id, 'local' AS owner, 'Old' AS name, TIMESTAMP '{_MOMENT}' AS created_at")
        connection.execute(f"""
            INSERT INTO dataset BY NAME SELECT 'd' AS id, 'local' AS owner, 'p' AS project, 'Old' AS name, 'text_label' AS shape, '["text"]' AS columns,
                   6 AS last_position, 2 AS change, TIMESTAMP '{_MOMENT}' AS created_at
        """)
        for position, whole, question, answer, content, imported, erased, born, gone in _ROWS:
            values = [f"r{position}", position, whole, question, answer, content, imported, position, erased, born, gone]
            connection.execute(
                "INSERT INTO example VALUES (?, 'local', 'd', ?, ?, ?, ?, ?, ?, 'old.csv', ?, '{}', NULL, false, ?, 7, NULL, ?, ?)", values
            )
        connection.execute("INSERT INTO mark VALUES ('d', 5, [], 'rejected', 'local', 1, NULL)")
        for number, change in enumerate((1, 2), 1):
            values = [f"v{number}", number, str(number), f"old version {number}", change]
            connection.execute(f"INSERT INTO version VALUES (?, 'local', 'd', ?, ?, 5, ?, ?, TIMESTAMP '{_MOMENT}', 1)", values)
    with Store.open(path) as opened:
        yield opened


def test_hashes_are_made_anew_and_rows_that_were_changed_are_still_known_as_changed(store: Store) -> None:
    found = store.read(None, "SELECT position, content_hash, imported_hash FROM example WHERE NOT erased ORDER BY position, born")
    first = row_hash(messages("Why?", "Because"))
    assert found == [
        (1, row_hash(messages("Where?", "Here")), None),
        (2, row_hash(_TOOLS), None),
        (3, first, None),
        (3, row_hash(messages("Why?", "So")), first),
        (5, row_hash(messages("Rejected", "x")), None),
        (6, row_hash(messages("Wait", None)), None),
    ]
    assert datasets.facts(store, DatasetId("d")).edited == 1


def test_of_a_row_from_which_a_person_was_erased_the_hash_stays(store: Store) -> None:
    assert store.read(None, "SELECT content_hash FROM example WHERE erased") == [("old 5",)]


def test_versions_have_the_hash_of_their_rows_as_these_are_hashed_now(store: Store) -> None:
    hashes = dict(store.read(None, "SELECT id, content_hash FROM version"))
    assert hashes == {id: recomputed_hash(store, VersionId(id)) for id in ("v1", "v2")}
    assert hashes["v1"] != hashes["v2"]


def test_rows_can_be_imported_into_it(store: Store, tmp_path: Path) -> None:
    import_parquet(store, DatasetId("d"), write_parquet(tmp_path / "rows.parquet", [("New?", "Yes"), ("When?", "Now")]), sealed=False)
    assert datasets.facts(store, DatasetId("d")).rows == 7
