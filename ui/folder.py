"""A folder on a person's own computer as one file to send: a zip of the files below it, nothing packed, no link followed, nothing hidden."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def as_one_file(path: Path) -> Iterator[Path]:
    """The path itself for a file. Names within are relative to the folder and begin with its own name."""
    if not path.is_dir():
        yield path
        return
    whole = path.resolve()
    with tempfile.TemporaryDirectory(prefix="folder-") as temporary:
        target = Path(temporary) / f"{whole.name or 'folder'}.zip"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
            for file in sorted(whole.rglob("*")):
                name = file.relative_to(whole.parent).as_posix()
                linked = any(part.is_symlink() for part in (file, *file.parents) if part != whole and whole in part.parents)
                hidden = any(part.startswith(".") for part in file.relative_to(whole).parts)
                if file.is_file() and not linked and not hidden:
                    archive.write(file, name)
        yield target
