"""The rows that an import could not use: the first of them, and the table of all to work through."""

import csv
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pydantic import Field

from core.actions.jobs import job_of
from core.actions.registry import Context, Request, Scope, action
from core.data.bad_rows import BAD_ROWS_FILE
from core.data.kind import IMPORT_KIND, settings_of
from core.errors import NotFound, UserError

_SHOWN_CHARS = 500


class NoBadRows(UserError):
    """The import has none, or it has not got that far."""

    sentence = "The import of {file} has no list of rows that could not be used. Nothing has to be mended there."
    status = 404

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class BadRowsRequest(Request):
    job: str = Field(description="The import job.")
    size: int = Field(20, ge=1, le=200, description="How many to show.")


@dataclass(frozen=True)
class BadRowLine:
    """A row as it stands in the table; `problem` is English, `original` the row's own text, both perhaps cut."""

    row: int
    file: str
    column: str
    problem: str
    original: str


@dataclass(frozen=True)
class BadRowsFound:
    """`path` is the table of all (up to the limit faults_kept), for a door to stream; `name` what to call it."""

    path: str
    name: str
    rows: tuple[BadRowLine, ...]


@action("bad-rows", request=BadRowsRequest, sentence="List the rows that an import could not use, each with its reason.", scope=Scope.READ,
        example={"job": "abcdefghijklm"})  # fmt: skip
def bad_rows(context: Context, request: BadRowsRequest) -> BadRowsFound:
    """Raises NoBadRows."""
    job = job_of(context, request.job)
    if job.kind != IMPORT_KIND.name:
        raise NotFound(thing="import", id=request.job)
    folder = Path(job.folder)
    file, path = settings_of(folder).file, folder / BAD_ROWS_FILE
    if not path.is_file():
        raise NoBadRows(file=file)
    with path.open(encoding="utf-8-sig", newline="") as table:
        found = tuple(
            BadRowLine(int(line["row"]), line["file"], line["column"], line["problem"][:_SHOWN_CHARS], line["original"][:_SHOWN_CHARS])
            for line in islice(csv.DictReader(table), request.size)
        )
    return BadRowsFound(str(path), f"bad rows of {file}.csv", found)
