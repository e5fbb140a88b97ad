"""Saved filters of a dataset, by name."""

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import DatasetId, OwnerId, SavedView, ViewId
from storage.store import Store
from storage.typed import now


def save(store: Store, owner: OwnerId, dataset: DatasetId, name: str, filter: str) -> SavedView:
    """Keep a filter (JSON) under a name; a view of that name is replaced."""
    id = ViewId(new_id())

    def put(connection: Connection) -> None:
        connection.execute("DELETE FROM saved_view WHERE dataset = ? AND name = ?", [dataset, name])
        connection.execute("INSERT INTO saved_view VALUES (?, ?, ?, ?, ?, ?)", [id, owner, dataset, name, filter, now()])

    store.write(put)
    return store.read(SavedView, "SELECT * FROM saved_view WHERE id = ?", [id])[0]


def of_dataset(store: Store, dataset: DatasetId) -> list[SavedView]:
    """In the order in which they were saved."""
    return store.read(SavedView, "SELECT * FROM saved_view WHERE dataset = ? ORDER BY created_at, id", [dataset])


def delete(store: Store, owner: OwnerId, id: ViewId) -> SavedView:
    """Raises RowMissing also when it is another owner's."""
    found = store.read(SavedView, "SELECT * FROM saved_view WHERE id = ? AND owner = ?", [id, owner])
    if not found:
        raise RowMissing("view", id)
    store.write(lambda connection: connection.execute("DELETE FROM saved_view WHERE id = ?", [id]))
    return found[0]
