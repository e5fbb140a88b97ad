"""A look at a file that nobody vouches for: the preview, made in a child of little memory and time. `python -m core.data.look REQUEST`."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from core.data.confined import Confines, Died, OverTime, be_modest, confine, run_confined
from core.data.limits import LIMITS, Limits
from core.data.mapping import Mapping
from core.data.preview import Preview, preview
from core.errors import UserError
from core.jobs.failures import plain_facts, rebuilt
from core.sentence import Sentence, from_plain

CONFINES = Confines()


class FileTakesTooLong(UserError):
    """The child ran out of time."""

    sentence = (
        "Looking at {file} took longer than {limit:g} seconds and was ended; the file may be damaged or made to be slow. Save it anew, or bring a part of "
        "it. Nothing was imported."
    )

    def __init__(self, *, file: str, limit: float) -> None:
        super().__init__(file=file, limit=limit)


class FileNeedsMemory(UserError):
    """The child ran out of memory, or of temporary disk."""

    sentence = (
        "Reading {file} needs more memory or disk than a file of rows should; it may be damaged or made to fill the machine. Save it anew, or bring a part "
        "of it. Nothing was imported."
    )
    status = 413

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class FileBreaksReader(UserError):
    """The child died over it."""

    sentence = "{file} is so damaged that its reader broke off. Save it anew, or as CSV (UTF-8), and bring that. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class LookRequest(BaseModel):
    """What the child is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    file: str
    mapping: Mapping | None = None
    limits: Limits = LIMITS


class LookReply(BaseModel):
    """What it answers: a preview, or the error's class, finished sentence and facts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    preview: Preview | None = None
    error: str = ""
    said: str = ""
    facts: dict[str, Any] = {}


def look(path: Path, file: str, mapping: Mapping | None = None, confines: Confines = CONFINES, *, limits: Limits = LIMITS) -> Preview:
    """As `preview`, in a child. Raises what `preview` raises, and FileTakesTooLong, FileNeedsMemory, FileBreaksReader."""
    request = LookRequest(path=str(path.absolute()), file=file, mapping=mapping, limits=limits)
    try:
        said = run_confined("core.data.look", json.dumps(request.model_dump(mode="json"), ensure_ascii=True), confines)
        reply = TypeAdapter(LookReply).validate_json(said)
    except OverTime as error:
        raise FileTakesTooLong(file=file, limit=confines.wall_s) from error
    except (Died, ValueError) as error:
        raise FileBreaksReader(file=file) from error
    if reply.preview is not None:
        return replace(reply.preview, problems=_sentences(reply.preview.problems), notes=_sentences(reply.preview.notes))
    raise _rebuilt(reply)


def _sentences(come: tuple[Sentence, ...]) -> tuple[Sentence, ...]:
    return tuple(Sentence(one.key, one.english, {name: from_plain(fact) for name, fact in one.facts.items()}) for one in come)


def _rebuilt(reply: LookReply) -> UserError:
    from core.data.readers.base import byte_readers, readers

    readers(), byte_readers()  # so that their errors are known here by their classes
    return rebuilt(reply.error, reply.said, reply.facts)


def answer(request: LookRequest) -> LookReply:
    """The work itself. An error becomes part of the reply."""
    try:
        return LookReply(preview=preview(Path(request.path), request.file, request.mapping, limits=request.limits))
    except UserError as error:
        return _told(error)
    except (MemoryError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        return _told(FileNeedsMemory(file=request.file))


def _told(error: UserError) -> LookReply:
    return LookReply(error=error.name, said=str(error), facts=plain_facts(error))


def main(arguments: list[str]) -> int:
    confine(CONFINES)
    be_modest()
    request = LookRequest.model_validate_json(arguments[0])
    sys.stdout.buffer.write(answer(request).model_dump_json().encode("utf-8", "replace"))
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
