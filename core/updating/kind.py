"""The jobs of an update as the server sees them. What each leaves is taken in with its end; core.actions.update asks for the next."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from core.jobs.handle import SPEC_FILE
from core.jobs.spec import Kind
from core.sentence import Sentence, as_json
from core.updating.settings import EDITS_FILE, PREPARED_FILE, Prepared, PrepareSettings
from storage.bulk import changing
from storage.errors import NothingChanged
from storage.rows import DatasetId

if TYPE_CHECKING:
    from storage.rows import Job
    from storage.store import Store


def prepared_of(folder: Path) -> Prepared:
    return Prepared.model_validate_json((folder / PREPARED_FILE).read_text(encoding="utf-8"))


def finish_preparing(store: "Store", job: "Job", folder: Path) -> None:
    """All that was repeated on the new rows is one change of the dataset. Done twice it changes nothing more."""
    prepared = prepared_of(folder)
    if not prepared.edits:
        return
    settings = PrepareSettings.model_validate(json.loads((folder / SPEC_FILE).read_text(encoding="utf-8"))["settings"])
    what = Sentence("change.repeated", "Earlier changes were repeated on {rows:,} new row(s)", {"rows": prepared.edits})
    try:
        changing.apply(store, job.owner, DatasetId(settings.dataset), folder / EDITS_FILE, "update", as_json(what))
    except NothingChanged:
        return


PREPARE_KIND = Kind("prepare-update", "core.updating.preparing:main", finish_preparing, exclusive=False)
JUDGE_KIND = Kind("judge-update", "core.updating.judging:main")
KINDS: tuple[Kind, ...] = (PREPARE_KIND, JUDGE_KIND)
