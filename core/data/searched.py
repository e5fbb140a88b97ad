"""Whether files that open only with a reader of their own name a person: looked into by a child of little memory and time.
`python -m core.data.searched REQUEST`."""

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from zipfile import BadZipFile

from pydantic import BaseModel, ConfigDict

from core.data.confined import Confines, Died, OverTime, be_modest, confine, run_confined
from core.data.containers.archive import opened, stream_of
from core.data.containers.packing import bare, packing_of
from core.data.encoding import BinaryFile
from core.data.limits import LIMITS, Limits
from core.data.reading import records
from core.data.records import Fault
from core.data.source import Source, open_source
from core.errors import UserError
from storage.person import Person
from storage.person_files import MODEL_FILES, WEIGHTS, names

CONFINES = Confines(memory_bytes=3 << 30, cpu_s=240, wall_s=300.0, file_bytes=4 << 30)
_AT_ONCE = 100
_DEEPEST = 3  # archives within archives
_CHUNK_BYTES = 1 << 20
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".emf", ".wmf", ".webp", ".ico", ".ttf", ".odttf"})


class _NotLookedInto(Exception):
    """Something in it opens only with a reader that we do not have, or is packed too deep. Never leaves this module."""


class SearchRequest(BaseModel):
    """What the child is asked: paths with what people call them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spellings: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    limits: Limits = LIMITS


def searched(files: Sequence[tuple[Path, str]], person: Person, *, limits: Limits = LIMITS, confines: Confines = CONFINES) -> list[bool | None]:
    """For each path, with what people call the file, whether it names the person; None where it could not be looked into, or not in all of it."""
    found: list[bool | None] = []
    for start in range(0, len(files), _AT_ONCE):
        found += _asked(files[start : start + _AT_ONCE], person, limits, confines)
    return found


def _asked(files: Sequence[tuple[Path, str]], person: Person, limits: Limits, confines: Confines) -> list[bool | None]:
    """One child for all; one for each where it died over one of them."""
    request = SearchRequest(spellings=person.spellings, files=tuple((str(path.absolute()), file) for path, file in files), limits=limits)
    try:
        answers: list[bool | None] = json.loads(run_confined("core.data.searched", request.model_dump_json(ensure_ascii=True), confines))
    except (OverTime, Died, ValueError):
        return [None] if len(files) == 1 else [answer for each in files for answer in _asked([each], person, limits, confines)]
    return answers


def look_into(path: Path, file: str, person: Person, limits: Limits = LIMITS) -> bool | None:
    """The work itself, for one file."""
    try:
        whole = True
        for inside, name in _files_in(path, file, limits, 0):
            try:
                found = names(inside, person)
                if found or (found is None and _in_rows(inside, name, person, limits)):
                    return True
            except (UserError, _NotLookedInto, OSError, MemoryError):
                whole = False
    except (UserError, _NotLookedInto, BadZipFile, OSError, MemoryError):
        return None
    return False if whole else None


def _files_in(path: Path, file: str, limits: Limits, depth: int) -> Iterator[tuple[Path, str]]:
    """All that is packed in it, unpacked one after the other; each is gone when the next is asked for. A file that is not packed is itself."""
    with path.open("rb") as stream:
        start = stream.read(8)
    packing = packing_of(start)
    if packing is None and not start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        yield path, file
        return
    if depth == _DEEPEST:
        raise _NotLookedInto
    with tempfile.TemporaryDirectory(prefix="member-") as folder:
        if packing is not None:
            target = Path(folder) / f"file{Path(bare(file)).suffix[:8]}"
            with Source(path, file, limits, packing, "", False).stream() as packed, target.open("wb") as out:
                while chunk := packed.read(_CHUNK_BYTES):
                    out.write(chunk)
            yield from _files_in(target, bare(file), limits, depth + 1)
            return
        with opened(path, file, limits) as archive:
            for member in archive.infolist():
                suffix = Path(member.filename).suffix.lower()
                if member.is_dir() or suffix in WEIGHTS or Path(member.filename).name in MODEL_FILES:
                    continue
                target = Path(folder) / f"file{suffix[:8]}"
                with stream_of(archive, member, file) as stream, target.open("wb") as out:
                    while chunk := stream.read(_CHUNK_BYTES):
                        out.write(chunk)
                yield from _files_in(target, member.filename, limits, depth + 1)


def _in_rows(path: Path, file: str, person: Person, limits: Limits) -> bool:
    """As an import reads it; a picture has no rows. Raises a UserError where it cannot be read."""
    try:
        source = open_source(path, file, limits=limits)
    except BinaryFile:
        if Path(file).suffix.lower() in _PICTURES:
            return False
        raise
    for item in records(source):
        if person.is_in(item.original):
            return True
        if isinstance(item, Fault) and item.ends is not None:
            raise item.ends
    return False


def main(arguments: list[str]) -> int:
    request = SearchRequest.model_validate_json(arguments[0])
    confine(CONFINES)
    be_modest()
    person = Person(request.spellings)
    sys.stdout.write(json.dumps([look_into(Path(path), file, person, request.limits) for path, file in request.files]))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
