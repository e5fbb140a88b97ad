"""The rows of a project's archive: which tables, which columns name what, and how ids are given anew where they are taken."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.bulk.versions import quoted, recomputed_hash
from storage.errors import BadArchive
from storage.files import is_safe_name
from storage.ids import ROW_SUFFIX_LENGTH, new_id, row_suffix
from storage.rows import OwnerId, ProjectId, VersionId
from storage.store import Store

_DATASETS = "dataset IN (SELECT id FROM dataset WHERE project = $project)"
_JOBS = "job IN (SELECT id FROM job WHERE project = $project)"
_PROJECT = "project = $project"


@dataclass(frozen=True)
class Table:
    """`belongs` chooses a project's rows; `names` says of which kind the id in a column is; the kind that a table defines is its own `id`."""

    belongs: str
    names: dict[str, str]


TABLES = {
    "project": Table("id = $project", {"id": "project"}),
    "dataset": Table(_PROJECT, {"id": "dataset", "project": "project"}),
    "example": Table(_DATASETS, {"dataset": "dataset"}),
    "change": Table(_DATASETS, {"dataset": "dataset"}),
    "mark": Table(_DATASETS, {"dataset": "dataset"}),
    "saved_view": Table(_DATASETS, {"id": "saved_view", "dataset": "dataset"}),
    "checkup": Table(_DATASETS, {"dataset": "dataset", "job": "job"}),
    "finding": Table(_DATASETS, {"dataset": "dataset"}),
    "near": Table(_DATASETS, {"dataset": "dataset"}),
    "layout": Table(_DATASETS, {"dataset": "dataset"}),
    "label_round": Table(_DATASETS, {"id": "label_round", "project": "project", "dataset": "dataset"}),
    "label_row": Table(f"round IN (SELECT id FROM label_round WHERE {_DATASETS})", {"round": "label_round"}),
    "label_given": Table(f"round IN (SELECT id FROM label_round WHERE {_DATASETS})", {"round": "label_round"}),
    "version": Table(_DATASETS, {"id": "version", "dataset": "dataset"}),
    "split": Table(_DATASETS, {"id": "split", "dataset": "dataset", "version": "version"}),
    "split_row": Table(f"split IN (SELECT id FROM split WHERE {_DATASETS})", {"split": "split"}),
    "job": Table(_PROJECT, {"id": "job", "project": "project"}),
    "point": Table(_JOBS, {"job": "job"}),
    "advice": Table(_JOBS, {"job": "job"}),
    "artefact": Table(_JOBS, {"job": "job"}),
    "resource": Table(_JOBS, {"job": "job"}),
    "run": Table(_PROJECT, {"id": "run", "project": "project", "dataset": "dataset", "version": "version", "split": "split", "job": "job"}),
    "verdict": Table(_PROJECT, {"id": "verdict", "project": "project", "run": "run", "job": "job"}),
    "package": Table(_PROJECT, {"id": "package", "project": "project", "run": "run", "job": "job"}),
    "model_update": Table(_PROJECT, {"id": "model_update", "project": "project", "dataset": "dataset", "run": "run", "new_run": "run", "job": "job"}),
    "said": Table(_PROJECT, {"project": "project"}),
    "vote": Table(_PROJECT, {"id": "vote", "project": "project"}),
}
_OWNED = frozenset(TABLES) - {"split_row", "point", "advice", "artefact", "resource", "mark", "finding", "near", "label_row", "label_given"}
_NUMBERED = ("said",)  # their id is a number, counted on
_ID = re.compile(r"[a-z2-7]{13}")


@dataclass(frozen=True)
class Restored:
    """The project as it is called here, and where its files go."""

    project: ProjectId
    home: Path
    jobs: dict[str, str]
    packages: dict[str, str]

    def files(self, folder: Path) -> Iterator[tuple[Path, Path]]:
        """From the unpacked folder to the home; files of no restored job or package are left."""
        for old, new in self.jobs.items():
            source = folder / "runs" / old
            for file in sorted(source.rglob("*")) if is_safe_name(old) else ():
                if file.is_file():
                    yield file, self.home / "runs" / new / file.relative_to(source)
        for old, new in self.packages.items():
            file = folder / "packages" / f"{old}.zip"
            if is_safe_name(old) and file.is_file():
                yield file, self.home / "packages" / f"{new}.zip"


def rows_to_files(store: Store, project: ProjectId, folder: Path) -> None:
    """A Parquet file a table, all of one moment."""

    def write(connection: Connection) -> None:
        for name, table in TABLES.items():
            sql = f"COPY (SELECT * FROM {name} WHERE {table.belongs}) TO {quoted(folder / f'{name}.parquet')} (FORMAT parquet, COMPRESSION zstd)"
            connection.execute(sql, {"project": project})

    store.write(write)  # in the writer's transaction, so that no write comes between two tables


def restore_rows(store: Store, owner: OwnerId, archive: Path, folder: Path, home: Path) -> Restored:
    """All tables in one transaction; content hashes are computed again and compared. Raises BadArchive."""
    missing = [name for name in TABLES if not (folder / f"{name}.parquet").is_file()]
    if missing:
        raise BadArchive(archive, f"it lacks {', '.join(missing)}")

    def restore(connection: Connection) -> Restored:
        ids = _ids(connection, archive, folder)
        _fill(connection, owner, folder)
        _place_files(connection, home, ids)
        _check(store, connection, archive, ids)
        connection.execute("DROP TABLE temp.taken_id")
        return Restored(ProjectId(next(iter(ids["project"].values()))), home, ids["job"], ids["package"])

    try:
        return store.write(restore)
    except duckdb.Error as error:
        raise BadArchive(archive, f"its rows do not fit ({str(error).splitlines()[0]})") from error


def _ids(connection: Connection, archive: Path, folder: Path) -> dict[str, dict[str, str]]:
    """Old id → new id by kind, also as the table taken_id. An id stays as it is when the archive defines it, it looks like ours and is free here."""
    ids: dict[str, dict[str, str]] = {}
    for kind in sorted({kind for table in TABLES.values() for kind in table.names.values()}):
        places = [(name, column) for name, table in TABLES.items() for column, named in table.names.items() if named == kind]
        found = {id for name, column in places for id in _column(connection, folder, name, column)}
        defined = _column(connection, folder, kind, "id")
        taken = {row[0] for row in connection.execute(f"SELECT id FROM {kind} WHERE list_contains(?, id)", [sorted(found)]).fetchall()}
        ids[kind] = {id: id if id in defined and id not in taken and _ID.fullmatch(id) else new_id() for id in sorted(found)}
    if len(_column(connection, folder, "project", "id")) != 1:
        raise BadArchive(archive, "it does not hold one project")
    ids = {**ids, "project": {id: new for id, new in ids["project"].items() if id in _column(connection, folder, "project", "id")}}
    clash = connection.execute(f"SELECT count(*) FROM example WHERE id IN (SELECT id FROM {_file(folder, 'example')})").fetchall()[0][0]
    suffixes = connection.execute(f"SELECT DISTINCT right(id, {ROW_SUFFIX_LENGTH}) FROM {_file(folder, 'example')}").fetchall()
    ids["suffix"] = {row[0]: row_suffix() if clash else row[0] for row in suffixes}
    connection.execute("CREATE OR REPLACE TEMP TABLE taken_id (kind VARCHAR, old VARCHAR, new VARCHAR)")
    for kind, renamed in ids.items():
        connection.execute("INSERT INTO taken_id SELECT ?, unnest(?::VARCHAR[]), unnest(?::VARCHAR[])", [kind, list(renamed), list(renamed.values())])
    return ids


def _column(connection: Connection, folder: Path, table: str, column: str) -> set[str]:
    return {row[0] for row in connection.execute(f"SELECT DISTINCT {column} FROM {_file(folder, table)} WHERE {column} IS NOT NULL").fetchall()}


def _fill(connection: Connection, owner: OwnerId, folder: Path) -> None:
    for name, table in TABLES.items():
        renamed = [f"(SELECT new FROM taken_id WHERE kind = '{kind}' AND old = a.{column}) AS {column}" for column, kind in table.names.items()]
        if name in _OWNED:
            renamed.append("$owner AS owner")
        if name in _NUMBERED:
            renamed.append(f"(SELECT coalesce(max(id), 0) FROM {name}) + row_number() OVER (ORDER BY a.id) AS id")
        if name == "label_round":  # a link opens the round that it was made for, never a copy
            renamed += ["'' AS token_hash", "true AS closed"]
        if name == "example":
            start, end = f"left(a.id, length(a.id) - {ROW_SUFFIX_LENGTH})", f"right(a.id, {ROW_SUFFIX_LENGTH})"
            renamed.append("CASE WHEN a.erased THEN 0 END AS question_key")  # another release may have made it
            renamed.append(f"{start} || (SELECT new FROM taken_id WHERE kind = 'suffix' AND old = {end}) AS id")
        sql = f"INSERT INTO {name} BY NAME SELECT a.* REPLACE ({', '.join(renamed)}) FROM {_file(folder, name)} a"
        connection.execute(sql, {"owner": owner} if name in _OWNED else {})


def _place_files(connection: Connection, home: Path, ids: dict[str, dict[str, str]]) -> None:
    """Paths and ends as they are here: a job that ran elsewhere is not alive."""
    for new in ids["job"].values():
        sql = """
            UPDATE job SET folder = ?, state = CASE WHEN state IN ('done', 'stopped', 'failed') THEN state ELSE 'lost' END,
                   subject = coalesce((SELECT new FROM taken_id WHERE old = subject LIMIT 1), subject) WHERE id = ?
        """
        connection.execute(sql, [str(home / "runs" / new), new])
    for new in ids["package"].values():
        connection.execute("UPDATE package SET path = ? WHERE id = ?", [str(home / "packages" / f"{new}.zip"), new])


def _check(store: Store, connection: Connection, archive: Path, ids: dict[str, dict[str, str]]) -> None:
    datasets = list(ids["dataset"].values())
    wrong = connection.execute(
        "SELECT count(*) FROM example WHERE list_contains(?, dataset) AND NOT erased AND content_hash <> row_hash(messages, question, answer)",
        [datasets],
    ).fetchall()[0][0]
    versions = connection.execute("SELECT id, content_hash FROM version WHERE list_contains(?, dataset)", [datasets]).fetchall()
    if wrong or any(recomputed_hash(store, VersionId(id)) != expected for id, expected in versions):
        raise BadArchive(archive, "its rows are not what was saved (their hashes differ)")
    paths = connection.execute("SELECT path FROM artefact WHERE list_contains(?, job)", [list(ids["job"].values())]).fetchall()
    if not all(is_safe_name(path) for (path,) in paths):
        raise BadArchive(archive, "a job's file has an unsafe name")


def _file(folder: Path, table: str) -> str:
    return f"read_parquet({quoted(folder / f'{table}.parquet')})"
