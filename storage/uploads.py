"""Files that a door took in: their rows. The bytes lie in the home under uploads/<id>/<name>."""

from storage.ids import new_id
from storage.rows import OwnerId, Upload, UploadId
from storage.store import Store
from storage.typed import now


def add(store: Store, owner: OwnerId, name: str, size_bytes: int, sha256: str, *, id: UploadId | None = None) -> Upload:
    """`id` where the caller made the folder first (storage.ids.new_id)."""
    id = id or UploadId(new_id())
    store.write(lambda connection: connection.execute("INSERT INTO upload VALUES (?, ?, ?, ?, ?, ?)", [id, owner, name, size_bytes, sha256, now()]))
    return store.read(Upload, "SELECT * FROM upload WHERE id = ?", [id])[0]


def get(store: Store, owner: OwnerId, id: UploadId) -> Upload | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Upload, "SELECT * FROM upload WHERE id = ? AND owner = ?", [id, owner])), None)


def of_owner(store: Store, owner: OwnerId) -> list[Upload]:
    """Newest first."""
    return store.read(Upload, "SELECT * FROM upload WHERE owner = ? ORDER BY created_at DESC, id", [owner])


def delete(store: Store, id: UploadId) -> None:
    """The row; the caller removes the file."""
    store.write(lambda connection: connection.execute("DELETE FROM upload WHERE id = ?", [id]))
