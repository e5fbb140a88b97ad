"""Erasing a person from files: rows of Parquet files go, texts get stars of the same length, so that what counts bytes still counts right."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from storage.bulk.versions import copy_to_file, quoted
from storage.errors import StoreDamaged
from storage.files import sha256_of, write_atomically
from storage.person import Person
from storage.person_files import MODEL_FILES, WEIGHTS, is_packed, names
from storage.rows import OwnerId
from storage.store import Store

_LEFT_ALONE = frozenset({"lock", "pid", "stop", "reserve"})
_NUMBERS = ("BIGINT", "INTEGER", "UBIGINT", "HUGEINT", "DOUBLE", "FLOAT", "BOOLEAN", "TIMESTAMP", "DATE")
Within = Callable[[Sequence[Path]], Sequence[bool | None]]


@dataclass(frozen=True)
class FileMatch:
    """A file that names the person, in the run folder of a `job` ('' where it is in none). `whole`: it is packed, so it is deleted and not rewritten.
    `surely` False: a file that was cut short, which nothing can read."""

    path: Path
    job: str
    whole: bool = False
    surely: bool = True


def find_in_runs(store: Store, folders: list[Path], person: Person, within: Within) -> list[FileMatch]:
    """Files of run folders that name the person. `within` looks into those that are packed. Models are left alone: what they learned is told, and cannot
    be cut out."""
    found, packed = list[FileMatch](), list[tuple[Path, str]]()
    for folder in folders:
        for path in _files_of(folder):
            if path.suffix == ".parquet":
                rows = _rows_with(store, path, person)
                found += [FileMatch(path, folder.name, rows is None, rows is not None)] if rows is None or rows else []
            elif names(path, person):
                found.append(FileMatch(path, folder.name))
            elif is_packed(path):
                packed.append((path, folder.name))
    looked = within([path for path, _ in packed])
    found += [FileMatch(path, job, True, named is not None) for (path, job), named in zip(packed, looked, strict=True) if named is not False]
    return found


def erase_in_runs(store: Store, owner: OwnerId, matches: list[FileMatch], person: Person) -> int:
    """Returns how many files were rewritten or deleted; the hashes of the rewritten ones are written down anew."""
    for match in matches:
        if match.whole:
            match.path.unlink(missing_ok=True)
            continue
        if match.path.suffix == ".parquet":
            _without_rows(store, match.path, _rows_with(store, match.path, person) or [])
        else:
            text = _decoded(match.path.read_bytes())
            write_atomically(match.path, person.starred_in(text).encode("utf-8", "surrogateescape"))
        if not match.job:
            continue
        relative = "/".join(match.path.parts[match.path.parts.index(match.job) + 1 :])
        values = [sha256_of(match.path), match.path.stat().st_size, match.job, relative, owner]
        sql = "UPDATE artefact SET sha256 = ?, size_bytes = ? WHERE job = ? AND path = ? AND job IN (SELECT id FROM job WHERE owner = ?)"
        store.write(lambda connection, sql=sql, values=values: connection.execute(sql, values))  # type: ignore[misc]
    return len(matches)


def _files_of(folder: Path) -> Iterator[Path]:
    if any((folder / name).is_file() for name in MODEL_FILES):
        return
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() or path.name in _LEFT_ALONE or path.suffix in WEIGHTS or _is_upload(path):
            continue
        if path.is_dir():
            yield from _files_of(path)
        elif path.is_file():
            yield path


def _is_upload(path: Path) -> bool:
    """A second name of an uploaded file, which goes or stays with it."""
    return path.name.startswith("upload-") and (path.parent.parent.parent / "uploads" / path.name.removeprefix("upload-")).is_dir()


def _rows_with(store: Store, path: Path, person: Person) -> list[int] | None:
    """Numbers of the file's rows that name the person; None for a file that was cut short by a crash, so that nothing reads it, here or elsewhere."""
    source = f"read_parquet({quoted(path)}, file_row_number = true)"
    try:
        columns = store.read(None, f"DESCRIBE SELECT * FROM {source}")
        texts = [column[0] for column in columns if not column[1].startswith(_NUMBERS) or column[1].endswith("]")]
        if not texts:
            return []
        listed = ", ".join('"' + name.replace('"', '""') + '"::VARCHAR' for name in texts)
        whole = f"concat_ws(chr(1), {listed})"
        likely = " OR ".join(f"contains(folded(whole), $word_{number})" for number in range(len(person.least_words)))
        sql = f"SELECT file_row_number, whole FROM (SELECT file_row_number, {whole} AS whole FROM {source}) WHERE {likely} OR contains(whole, '\\u')"
        found = store.read(None, sql, {f"word_{number}": word for number, word in enumerate(person.least_words)})
    except (duckdb.Error, StoreDamaged):
        return None
    return [row for row, whole in found if person.is_in(whole)]


def _without_rows(store: Store, path: Path, rows: list[int]) -> None:
    source = f"read_parquet({quoted(path)}, file_row_number = true)"
    kept = f"SELECT * EXCLUDE (file_row_number) FROM {source} WHERE NOT list_contains($rows, file_row_number) ORDER BY file_row_number"
    copy_to_file(store, kept, {"rows": rows}, path)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8", "surrogateescape")
