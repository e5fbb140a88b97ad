"""The suggestion job as the server sees it. Its results stay in the run folder: they are worth something until the next twenty answers."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.data.labelling.settings import LEARNED_FILE, SAMPLE_FILE, SUGGESTIONS_FILE, Learned
from core.jobs.handle import SPEC_FILE
from core.jobs.spec import Kind

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store


@dataclass(frozen=True)
class Suggestions:
    """What the last finished job left: `path` for storage to read, and how many answers stood when it was asked for."""

    path: Path
    answered: int
    learned: Learned


def finish(store: "Store", job: "Job", folder: Path) -> None:
    """The sample was worth its room only while it was read."""
    (folder / SAMPLE_FILE).unlink(missing_ok=True)


def suggestions_of(folder: Path) -> Suggestions | None:
    """None where the folder was tidied away or its job never finished."""
    if not (folder / SUGGESTIONS_FILE).is_file() or not (folder / LEARNED_FILE).is_file():
        return None
    spec = json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))
    learned = Learned.model_validate_json((folder / LEARNED_FILE).read_text(encoding="utf-8"))
    return Suggestions(folder / SUGGESTIONS_FILE, int(spec["settings"].get("answered", 0)), learned)


SUGGEST_KIND = Kind("suggest", "core.data.labelling.job:main", finish, exclusive=False)
KINDS: tuple[Kind, ...] = (SUGGEST_KIND,)
