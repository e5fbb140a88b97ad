"""Answers proposed by the last trained model: the order as the answered rows say it, the words from the model, for the rows that come next."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from core.data.labelling.job import read_sample, write_suggestions
from core.data.labelling.kind import finish
from core.data.labelling.settings import LEARNED_FILE, SAMPLE_FILE, SUGGESTIONS_FILE, SuggestSettings
from core.data.labelling.suggest import learned, suggest
from core.data.layout import Layout, with_columns
from core.jobs.handle import ChildJob
from core.jobs.spec import Kind
from core.models.reference import ModelReference
from core.tasks.base import Task, Turn
from core.tasks.base import task as task_named
from storage.files import write_atomically

_MOST_ASKED = 60  # the next rows; a written answer may take seconds
_TURNS = TypeAdapter(tuple[Turn, ...])


class ModelSuggestSettings(SuggestSettings):
    """`model` was trained for `task`, with rows put to it by `layout`; of a task that is held to them, `known` are the answers that its training knew."""

    task: str
    model: ModelReference
    known: tuple[str, ...] = ()
    layout: Layout | None = None


def main(job: ChildJob) -> None:
    """The model is asked as it was trained. A row that it finds too long keeps what the answered rows propose."""
    from core.inference.base import Options, load

    settings = ModelSuggestSettings.model_validate(job.spec.settings)
    job.progress(0.1, "suggest.reading", "Reading what was answered")
    answered, open_ = read_sample(job.input(SAMPLE_FILE))
    found = suggest(answered, open_, settings.how, job.check_stop)
    first = sorted(found, key=lambda one: one.order)[:_MOST_ASKED]
    task = task_named(settings.task).knowing(settings.known)
    constraint = task.constraint(settings.known) if settings.known else None
    job.progress(0.3, "suggest.asking", "Asking the trained model")
    backend = load(settings.model, job.spec.threads)
    prompts = prompts_of(job.input(SAMPLE_FILE), [one.position for one in first], task, settings.layout)
    options = Options(max_new_tokens=task.max_new_tokens, constraint=constraint)
    written = backend.generate(
        prompts,
        options,
        told=lambda done, of: job.progress(0.3 + 0.5 * done / max(1, of), "suggest.asking", "Asking the trained model"),
        stop=job.stop_requested,
    )
    job.check_stop()
    said = {one.position: task.restore(text, settings.known) for one, text in zip(first, written, strict=True) if text}
    proposed = [replace(one, answer=said[one.position], certainty=None) if one.position in said else one for one in found]
    write_suggestions(job.folder / SUGGESTIONS_FILE, proposed)
    write_atomically(job.folder / LEARNED_FILE, learned(answered, settings.how, job.check_stop).model_dump_json().encode())
    job.artefact("suggestions", job.folder / SUGGESTIONS_FILE)
    job.artefact("learned", job.folder / LEARNED_FILE)


def prompts_of(path: Path, positions: Sequence[int], task: Task, layout: Layout | None) -> list[list[Turn]]:
    """What the model is shown for these rows of a whole sample: all that they say, with the cells that the layout names."""
    from pyarrow import parquet

    rows = parquet.read_table(path, columns=["position", "messages", "original"], filters=[("position", "in", list(positions))]).to_pylist()
    known = {row["position"]: (_TURNS.validate_json(row["messages"]), row["original"]) for row in rows}
    return [with_columns(task.prompt_turns(_asking(turns)), original, layout) for turns, original in (known[position] for position in positions)]


def _asking(turns: Sequence[Turn]) -> list[Turn]:
    """Up to the last question, with the answer that is to come: what was answered earlier in a dialogue stands before it."""
    asks = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=len(turns) - 1)
    return [*turns[: asks + 1], Turn(role="assistant", content="")]


MODEL_SUGGEST_KIND = Kind("suggest-model", "core.evaluation.suggesting:main", finish, exclusive=False)
KINDS: tuple[Kind, ...] = (MODEL_SUGGEST_KIND,)
