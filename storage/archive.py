"""A project in one zip (a Parquet file a table, its files, a manifest of SHA-256), and back; a consistent copy of the whole store."""

import json
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from storage import projects
from storage.archive_old import bring_up_to_date
from storage.archive_rows import TABLES, restore_rows, rows_to_files
from storage.errors import BadArchive, RowMissing, StoreTooNew
from storage.files import free_bytes, is_safe_name, move_into_place, sha256_of
from storage.ids import new_id
from storage.migrations import migrations
from storage.rows import OwnerId, Project, ProjectId
from storage.store import Store

ARCHIVE_FORMAT = 1
_MANIFEST = "manifest.json"
_MANIFEST_LIMIT_BYTES = 32 << 20
_LEFT_BEHIND = frozenset({"checkpoints", "lock", "stop", "pid", "__pycache__"})  # of run folders: what only a living job needs
_BLOCK = 1 << 20


def save_project(store: Store, owner: OwnerId, project: ProjectId, target: Path, home_paths: Iterable[Path] | None = None) -> Path:
    """Write `target` (a zip) whole or not at all. `home_paths` are the files and folders of home/runs and home/packages to take along; None means
    all that the project's jobs and packages name. Checkpoints stay behind. Raises RowMissing when the project is not the owner's."""
    if projects.get(store, owner, project) is None:
        raise RowMissing("project", project)
    home = store.path.parent
    chosen = list(home_paths) if home_paths is not None else _files_named(store, project)
    temporary = target.with_name(f".{target.name}.{new_id()}.part")
    with _scratch(home) as scratch:
        rows_to_files(store, project, scratch)
        members = {f"rows/{table}.parquet": scratch / f"{table}.parquet" for table in TABLES}
        members |= {f"files/{file.relative_to(home).as_posix()}": file for file in _files_of(home, chosen)}
        try:
            _zip(members, temporary)
            move_into_place(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def restore_project(store: Store, owner: OwnerId, archive: Path) -> Project:
    """Take a saved project in, as `owner`'s, with new ids where the old ones are taken. Raises BadArchive, StoreTooNew; then nothing was taken."""
    home = store.path.parent
    with _scratch(home) as scratch:
        schema = _unpack(archive, scratch)
        bring_up_to_date(archive, scratch / "rows", schema)
        found = restore_rows(store, owner, archive, scratch / "rows", home)
        placed: list[Path] = []
        try:
            for source, target in found.files(scratch / "files"):
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                os.replace(source, target)
                placed.append(target)
        except OSError:
            left = projects.delete(store, found.project)
            for folder in left.run_folders:
                shutil.rmtree(folder, ignore_errors=True)
            for file in placed:
                file.unlink(missing_ok=True)
            raise
    restored = projects.get(store, owner, found.project)
    assert restored is not None
    return restored


def backup(store: Store, target: Path) -> Path:
    """A consistent copy of the database while it is in use (not of uploads, models and run folders); `target` may lie anywhere."""
    with _scratch(store.path.parent) as scratch:
        copy = scratch / "backup.duckdb"
        store.snapshot_to(copy)
        temporary = target.with_name(f".{target.name}.{new_id()}.part")
        try:
            shutil.copyfile(copy, temporary)
            move_into_place(temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
    return target


def sweep(store: Store) -> None:
    """Remove what a save, a restore or a backup left in the home when it was killed: copies of rows that nobody would find. For the start only."""
    home = store.path.parent
    for folder in (home / "tmp").glob("archive-*"):
        shutil.rmtree(folder, ignore_errors=True)
    for place in ("packages", "backups"):
        for file in (home / place).glob(".*.part"):
            file.unlink(missing_ok=True)


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    folder = home / "tmp" / f"archive-{new_id()}"
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files_named(store: Store, project: ProjectId) -> list[Path]:
    sql = "SELECT folder FROM job WHERE project = $1 UNION SELECT path FROM package WHERE project = $1"
    return [Path(row[0]) for row in store.read(None, sql, [project])]


def _files_of(home: Path, chosen: Iterable[Path]) -> Iterator[Path]:
    for path in chosen:
        place = path.resolve()
        if not place.is_relative_to(home) or place.relative_to(home).parts[0] not in ("runs", "packages"):
            continue
        files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file() and not file.is_symlink())
        for file in files:
            if not _LEFT_BEHIND & set(file.relative_to(home).parts) and not file.name.endswith(".part"):
                yield file


def _zip(members: dict[str, Path], target: Path) -> None:
    hashes = {}
    with zipfile.ZipFile(target, "x", compression=zipfile.ZIP_STORED, allowZip64=True) as archive:  # Parquet and weights are dense already
        for name, file in members.items():
            archive.write(file, name)
            hashes[name] = {"sha256": sha256_of(file), "size_bytes": archive.getinfo(name).file_size}
        manifest = {"format": ARCHIVE_FORMAT, "schema": len(migrations()), "files": hashes}
        archive.writestr(_MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False))


def _unpack(archive: Path, folder: Path) -> int:
    """Check everything that the zip claims before and while its bytes are written; returns its schema. Raises BadArchive, StoreTooNew."""
    try:
        with zipfile.ZipFile(archive) as opened:
            files, schema = _promised(archive, opened)
            needed = sum(info.file_size for info in opened.infolist())
            if needed > free_bytes(folder):
                raise BadArchive(archive, f"it needs {needed} bytes of disk and {free_bytes(folder)} are free")
            for name, (digest, size) in files.items():
                _unpack_one(archive, opened, name, digest, size, folder / name)
            return schema
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadArchive(archive, f"it is no readable zip ({error})") from error


def _promised(archive: Path, opened: zipfile.ZipFile) -> tuple[dict[str, tuple[str, int]], int]:
    names = [info.filename for info in opened.infolist()]
    for info in opened.infolist():
        if not is_safe_name(info.filename):
            raise BadArchive(archive, f"it holds a file with an unsafe name: {info.filename[:100]!r}")
        if info.flag_bits & 1 or stat.S_ISLNK(info.external_attr >> 16):
            raise BadArchive(archive, f"it holds a link or an encrypted file: {info.filename[:100]!r}")
    if len({name.casefold() for name in names}) != len(names):
        raise BadArchive(archive, "it holds two files of one name")
    if _MANIFEST not in names or opened.getinfo(_MANIFEST).file_size > _MANIFEST_LIMIT_BYTES:
        raise BadArchive(archive, "it has no manifest, so it was not saved by Bottega or is not complete")
    try:
        manifest = json.loads(opened.read(_MANIFEST))
        kind, schema = int(manifest["format"]), int(manifest["schema"])
        files = {str(name): (str(entry["sha256"]), int(entry["size_bytes"])) for name, entry in manifest["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadArchive(archive, "its manifest is not readable") from error
    if kind < 1 or schema < 1:
        raise BadArchive(archive, "its manifest is not readable")
    if kind > ARCHIVE_FORMAT or schema > len(migrations()):
        raise StoreTooNew(archive, max(kind, schema), len(migrations()))
    if set(files) != set(names) - {_MANIFEST}:
        raise BadArchive(archive, "its files are not those of its manifest")
    if any(name.split("/")[0] not in ("rows", "files") for name in files):
        raise BadArchive(archive, "it holds files that are no part of a project")
    return files, schema


def _unpack_one(archive: Path, opened: zipfile.ZipFile, name: str, digest: str, size: int, target: Path) -> None:
    if opened.getinfo(name).file_size != size:
        raise BadArchive(archive, f"{name} has not the size that the manifest says")
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with opened.open(name) as source, target.open("xb") as file:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > size:
                raise BadArchive(archive, f"{name} is larger than it says")
            file.write(block)
    if written != size or sha256_of(target) != digest:
        raise BadArchive(archive, f"{name} is not what was saved (its SHA-256 differs)")
