"""Erasing a person from files: rows of Parquet files go, texts get stars of the same length, so that what counts bytes still counts right."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from storage.bulk.versions import copy_to_file, quoted
from storage.errors import StoreDamaged
from storage.files import sha256_of, write_atomically
from storage.person import Person
from storage.rows import OwnerId
from storage.store import Store

_BLOCK, _OVERLAP = 8 << 20, 4096
_TEXTS = frozenset({".json", ".jsonl", ".txt", ".log", ".csv", ".tsv", ".md", ".toml", ".html", ".eml", ".mbox", ".xml", ""})
_PACKED = frozenset({".gz", ".zip", ".xlsx", ".docx", ".pdf", ".parquet", ".bz2", ".xz", ".zst"})
_MODEL_FILES = ("config.json", "tokenizer.json", "genai_config.json")  # a model's folder holds words of the language, and hashes over them
_LEFT_ALONE = frozenset({"lock", "pid", "stop"})


@dataclass(frozen=True)
class FileMatch:
    """A file that names the person, below the home. `job` is the run folder's name."""

    path: Path
    job: str


def holds(path: Path, person: Person) -> bool | None:
    """Whether a text file names the person; None for a packed one, which is not opened here."""
    if path.suffix.lower() in _PACKED:
        return None
    with path.open("rb") as file:
        kept = b""
        while block := file.read(_BLOCK):
            if person.is_in(_decoded(kept + block)):
                return True
            kept = block[-_OVERLAP:]
    return False


def find_in_runs(store: Store, folders: list[Path], person: Person) -> list[FileMatch]:
    """Files of run folders that name the person. Models are left alone: what they learned is told, and cannot be cut out."""
    found = []
    for folder in folders:
        for path in _files_of(folder):
            hit = bool(_rows_with(store, path, person)) if path.suffix == ".parquet" else path.suffix.lower() in _TEXTS and bool(holds(path, person))
            if hit:
                found.append(FileMatch(path, folder.name))
    return found


def erase_in_runs(store: Store, owner: OwnerId, matches: list[FileMatch], person: Person) -> int:
    """Returns how many files were rewritten; their hashes are written down anew."""
    for match in matches:
        if match.path.suffix == ".parquet":
            _without_rows(store, match.path, _rows_with(store, match.path, person))
        else:
            text = _decoded(match.path.read_bytes())
            write_atomically(match.path, person.starred_in(text).encode("utf-8", "surrogateescape"))
        relative = "/".join(match.path.parts[match.path.parts.index(match.job) + 1 :])
        values = [sha256_of(match.path), match.path.stat().st_size, match.job, relative, owner]
        sql = "UPDATE artefact SET sha256 = ?, size_bytes = ? WHERE job = ? AND path = ? AND job IN (SELECT id FROM job WHERE owner = ?)"
        store.write(lambda connection, sql=sql, values=values: connection.execute(sql, values))  # type: ignore[misc]
    return len(matches)


def _files_of(folder: Path) -> Iterator[Path]:
    if any((folder / name).is_file() for name in _MODEL_FILES):
        return
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() or path.name in _LEFT_ALONE or path.name.startswith("upload-"):
            continue
        if path.is_dir():
            yield from _files_of(path)
        elif path.is_file():
            yield path


def _rows_with(store: Store, path: Path, person: Person) -> list[int]:
    """Numbers of the file's rows that name the person."""
    source = f"read_parquet({quoted(path)}, file_row_number = true)"
    try:
        columns = store.read(None, f"DESCRIBE SELECT * FROM {source}")
        texts = [column[0] for column in columns if column[1] == "VARCHAR"]
        if not texts:
            return []
        listed = ", ".join('"' + name.replace('"', '""') + '"' for name in texts)
        whole = f"concat_ws(' ', {listed})"
        likely = " OR ".join(f"contains(folded(whole), $word_{number})" for number in range(len(person.least_words)))
        sql = f"SELECT file_row_number, whole FROM (SELECT file_row_number, {whole} AS whole FROM {source}) WHERE {likely} OR contains(whole, '\\u')"
        found = store.read(None, sql, {f"word_{number}": word for number, word in enumerate(person.least_words)})
    except (duckdb.Error, StoreDamaged):  # a file that was cut short by a crash is no Parquet: nothing reads it, here or elsewhere
        return []
    return [row for row, whole in found if person.is_in(whole)]


def _without_rows(store: Store, path: Path, rows: list[int]) -> None:
    source = f"read_parquet({quoted(path)}, file_row_number = true)"
    kept = f"SELECT * EXCLUDE (file_row_number) FROM {source} WHERE NOT list_contains($rows, file_row_number) ORDER BY file_row_number"
    copy_to_file(store, kept, {"rows": rows}, path)


def _decoded(content: bytes) -> str:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    return content.decode("utf-8", "surrogateescape")
