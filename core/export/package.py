"""The zip of an exported model: written reproducibly and whole or not at all, and unpacked again with every hash checked."""

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from core.errors import DiskFull, UserError
from core.home import Home
from core.models.reference import Backend, ModelReference
from storage.files import Manifest, free_bytes, is_safe_name, sha256_of, sync_folder, write_atomically
from storage.rows import Package

_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member: equal content gives an equal zip
_BLOCK = 1 << 20
_UNPACKED_SUFFIX = ".unpacked"


class PackageDamaged(UserError):
    """A package's file is not what was written, or is gone."""

    sentence = "The package '{name}' is damaged or was changed: {what}. Export it again; the trained model is kept."
    status = 409

    def __init__(self, *, name: str, what: str) -> None:
        super().__init__(name=name, what=what)


def write_zip(folder: Path, target: Path, told: Callable[[float], None] = lambda share: None) -> None:
    """All files below `folder`, in order of name, as they are: weights do not shrink, and equal content gives equal bytes. Streams."""
    names = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())
    total = sum((folder / name).stat().st_size for name in names)
    done = 0

    def write(file: BinaryIO) -> None:
        nonlocal done
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            for name in names:
                member = zipfile.ZipInfo(name, _EPOCH)
                member.create_system, member.external_attr = 3, 0o644 << 16  # the same on every platform
                member.file_size = (folder / name).stat().st_size
                with (folder / name).open("rb") as source, archive.open(member, "w") as written:
                    while block := source.read(_BLOCK):
                        written.write(block)
                        done += len(block)
                        told(done / max(1, total))

    write_atomically(target, write)


def unpacked(home: Home, package: Package) -> Path:
    """The folder of a package, unpacked on demand and checked against its manifest. Raises PackageDamaged, DiskFull."""
    folder = home.packages / f"{package.id}{_UNPACKED_SUFFIX}"
    _sweep(home)
    if folder.is_dir():
        if not Manifest.check(folder):
            return folder
        shutil.rmtree(folder)  # it is ours to make again; the zip is what counts
    zipped = Path(package.path)
    if not zipped.is_file():
        raise PackageDamaged(name=package.name, what="its file is missing")
    if sha256_of(zipped) != package.sha256:
        raise PackageDamaged(name=package.name, what="its SHA-256 is not the recorded one")
    if free_bytes(home.packages) < package.size_bytes + _BLOCK:
        needed, free = f"{package.size_bytes / 1e6:,.0f} MB", f"{free_bytes(home.packages) / 1e6:,.0f} MB"
        raise DiskFull(needed=needed, free=free, place=str(home.packages))
    _unpack(package, zipped, folder)
    return folder


def package_reference(home: Home, package: Package) -> ModelReference:
    """What loads a package inside the app. Raises PackageDamaged, DiskFull."""
    return ModelReference(name=package.name, folder=unpacked(home, package), backend=Backend.GENAI)


def remove_files(home: Home, package: Package) -> None:
    Path(package.path).unlink(missing_ok=True)
    shutil.rmtree(home.packages / f"{package.id}{_UNPACKED_SUFFIX}", ignore_errors=True)


def _unpack(package: Package, zipped: Path, folder: Path) -> None:
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        with zipfile.ZipFile(zipped) as archive:
            for member in archive.infolist():
                if not is_safe_name(member.filename):
                    raise PackageDamaged(name=package.name, what=f"it holds the unsafe name {member.filename!r}")
                target = temporary / member.filename
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("xb") as written:
                    shutil.copyfileobj(source, written, _BLOCK)
        if problems := Manifest.check(temporary):
            raise PackageDamaged(name=package.name, what=f"{problems[0].path} is {problems[0].what}")
        os.replace(temporary, folder)
        sync_folder(folder.parent)
    except zipfile.BadZipFile as error:
        raise PackageDamaged(name=package.name, what="it is no whole zip") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _sweep(home: Home) -> None:
    """Unpacked folders whose zip was deleted (with its project, say) go too."""
    for folder in home.packages.glob(f"*{_UNPACKED_SUFFIX}"):
        if not folder.with_name(f"{folder.name.removesuffix(_UNPACKED_SUFFIX)}.zip").exists():
            shutil.rmtree(folder, ignore_errors=True)
