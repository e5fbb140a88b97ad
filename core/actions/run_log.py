"""What stands behind a run: its recipe, the command that would do the same, what it said on its way, and the end of its log."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.actions.registry import Context, Scope, action
from core.actions.run import RunRequest, run_of
from core.jobs.handle import LOG_FILE
from core.sentence import Sentence
from core.training.command import train_command
from core.training.eventfile import event_file
from core.training.recipe import Recipe
from storage import jobs

_TAIL_BYTES = 20_000


@dataclass(frozen=True)
class Note:
    """Something the training said at a step; 0 is before the first."""

    step: int
    said: Sentence


@dataclass(frozen=True)
class RunLog:
    """`log` is the end of what its process wrote, mostly nothing; `event_file` the name of the file for TensorBoard, '' where there is none."""

    recipe: str
    command: str
    notes: tuple[Note, ...]
    log: str
    event_file: str


@action("run-log", request=RunRequest, sentence="Show what stands behind a run: its recipe, its command, what it said on its way, its log.", scope=Scope.READ,
        example={"run": "abcdefghijklm"})  # fmt: skip
def run_log(context: Context, request: RunRequest) -> RunLog:
    run, store = run_of(context, request.run), context.workshop.store
    folder = Path(jobs.find(store, run.job).folder)
    notes = tuple(Note(said.step, Sentence(said.key, said.english, json.loads(said.facts))) for said in jobs.advice(store, run.id))
    found = event_file(folder)
    return RunLog(run.recipe, train_command(run.project, Recipe.from_toml(run.recipe)), notes, _tail(folder / LOG_FILE), found.name if found else "")


def _tail(path: Path) -> str:
    """Whole lines; a character that the cut fell into is left out."""
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        text = file.read().decode("utf-8", "replace")
    return text.partition("\n")[2] if size > _TAIL_BYTES else text
