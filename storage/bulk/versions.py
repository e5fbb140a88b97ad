"""Versions: what a dataset held at one change. Examples are never rewritten, so a version is a number and a hash."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection as Connection

from storage.errors import RowMissing
from storage.files import move_into_place, sha256_of
from storage.ids import new_id
from storage.rows import DatasetId, OwnerId, SplitId, Version, VersionId
from storage.store import Store
from storage.typed import now, rows_of

# What a version holds: the states that stood at its change, less the rows that people had rejected by then.
HELD = """dataset = $dataset AND born <= $change AND (gone IS NULL OR gone > $change) AND position NOT IN (SELECT position FROM mark
    WHERE dataset = $dataset AND review = 'rejected' AND born <= $change AND (gone IS NULL OR gone > $change))"""
# The same as far as it can be read: of a row from which a person was erased only the hash is left.
ROWS_OF_VERSION = f"{HELD} AND NOT erased"
# In blocks, so that a million hashes need no single text of 64 MB.
_CONTENT_HASH = f"""
    SELECT coalesce(sum(rows), 0)::BIGINT, sha256(coalesce(string_agg(hash, '' ORDER BY block), '')) FROM (
        SELECT block, count(*) AS rows, sha256(string_agg(content_hash || CASE WHEN sealed THEN 's' ELSE '' END, '' ORDER BY position)) AS hash
        FROM (
            SELECT content_hash, sealed, position, (row_number() OVER (ORDER BY position) - 1) // 4096 AS block
            FROM example WHERE {HELD}
        ) GROUP BY block
    )
"""


def freeze_version(store: Store, dataset: DatasetId, name: str | None = None) -> Version:
    """Keep the dataset as it stands now. Equal content (the rows' hashes in order, and which of them are sealed) gives the version that is there,
    with `name` if one is given."""

    def freeze(connection: Connection) -> Version:
        found = connection.execute("SELECT owner, change FROM dataset WHERE id = ?", [dataset]).fetchall()
        if not found:
            raise RowMissing("dataset", dataset)
        owner, change = found[0]
        standing = rows_of(Version, connection.execute("SELECT * FROM version WHERE dataset = ? AND change = ?", [dataset, change]))
        if standing:
            return standing[0] if name is None else _named(connection, standing[0].id, name)
        rows, content = connection.execute(_CONTENT_HASH, {"dataset": dataset, "change": change}).fetchall()[0]
        same = rows_of(Version, connection.execute("SELECT * FROM version WHERE dataset = ? AND content_hash = ?", [dataset, content]))
        if same:
            return same[0] if name is None else _named(connection, same[0].id, name)
        number = int(connection.execute("SELECT coalesce(max(number), 0) + 1 FROM version WHERE dataset = ?", [dataset]).fetchall()[0][0])
        values = [new_id(), owner, dataset, number, name or str(number), rows, content, change, now()]
        connection.execute("INSERT INTO version VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)", values)
        return rows_of(Version, connection.execute("SELECT * FROM version WHERE id = ?", [values[0]]))[0]

    return store.write(freeze)


def name_version(store: Store, version: VersionId, name: str) -> Version:
    """Its rows stay as they are. Raises RowMissing."""
    return store.write(lambda connection: _named(connection, version, name))


def standing_version(store: Store, dataset: DatasetId) -> Version | None:
    """The version that holds what the dataset holds now, found without reading its rows; None when it changed since, or was never frozen."""
    sql = "SELECT v.* FROM version v JOIN dataset d ON d.id = v.dataset AND d.change = v.change WHERE d.id = ? ORDER BY v.number DESC LIMIT 1"
    return next(iter(store.read(Version, sql, [dataset])), None)


def versions_of(store: Store, dataset: DatasetId) -> list[Version]:
    """Newest first."""
    return store.read(Version, "SELECT * FROM version WHERE dataset = ? ORDER BY number DESC", [dataset])


def get_version(store: Store, owner: OwnerId, id: VersionId) -> Version | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Version, "SELECT * FROM version WHERE id = ? AND owner = ?", [id, owner])), None)


def recomputed_hash(store: Store, version: VersionId) -> str:
    """The content hash of the rows as they lie there now: equal to the version's own as long as nothing was damaged."""
    change = place_of(store, version)
    return str(store.read(None, _CONTENT_HASH, change)[0][1])


def export_jsonl(store: Store, version: VersionId, path: Path) -> str:
    """The version's rows below the home folder, as the original messages, one JSON object a line; returns its SHA-256."""
    sql = f"SELECT whole_messages(messages, question, answer)::JSON AS messages FROM example WHERE {ROWS_OF_VERSION} ORDER BY position"
    return copy_to_file(store, sql, place_of(store, version), path, "FORMAT json")


def copy_to_file(store: Store, sql: str, values: Mapping[str, Any], path: Path, how: str = "FORMAT parquet, COMPRESSION zstd") -> str:
    """What a query gives, as a file below the home folder that appears whole or not at all; returns its SHA-256."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        store.read(None, f"COPY ({sql}) TO {quoted(temporary)} ({how})", dict(values))
        digest = sha256_of(temporary)
        move_into_place(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return digest


def _named(connection: Connection, version: VersionId, name: str) -> Version:
    found = rows_of(Version, connection.execute("UPDATE version SET name = ? WHERE id = ? RETURNING *", [name, version]))
    if not found:
        raise RowMissing("version", version)
    return found[0]


def place_of(store: Store, version: VersionId) -> dict[str, object]:
    """The parameters of ROWS_OF_VERSION. Raises RowMissing."""
    found = store.read(None, "SELECT dataset, change FROM version WHERE id = ?", [version])
    if not found:
        raise RowMissing("version", version)
    return {"dataset": found[0][0], "change": found[0][1]}


def place_of_split(store: Store, split: SplitId) -> dict[str, object]:
    """The parameters of ROWS_OF_VERSION for the version that a split dealt out. Raises RowMissing."""
    found = store.read(None, "SELECT v.dataset, v.change FROM split s JOIN version v ON v.id = s.version WHERE s.id = ?", [split])
    if not found:
        raise RowMissing("split", split)
    return {"dataset": found[0][0], "change": found[0][1]}


def quoted(path: Path) -> str:
    """A path as an SQL text."""
    return "'" + str(path).replace("'", "''") + "'"
