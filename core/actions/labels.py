"""Giving answers to rows that have none: the next rows with what is proposed for them, answers, skips, and a new proposal in the background."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field

from core.actions.data import DatasetRequest, dataset_of
from core.actions.evaluate import known_answers, models_of
from core.actions.registry import Context, Request, Scope, action
from core.data.labelling.kind import SUGGEST_KIND, Suggestions, suggestions_of
from core.data.labelling.settings import MOST_ANSWERED, MOST_OPEN, SAMPLE_FILE, SUGGESTIONS_FILE, How, Learned, SuggestSettings, how_of
from core.data.shapes.base import shape
from core.errors import BadValue, UserError
from core.evaluation.suggesting import MODEL_SUGGEST_KIND, ModelSuggestSettings
from core.models.reference import ModelReference
from core.sentence import Sentence, as_json
from core.training.recipe import Recipe
from storage import datasets, jobs, labels, marks, runs
from storage.bulk import changing
from storage.errors import NothingChanged
from storage.labels import LabelCounts, ToLabel
from storage.rows import LIVE, Dataset, Job, JobState, RowEdit, Run

_EXAMPLE_ID = "abcdefghijklm"
_MOST_CHOICES, _MOST_ANSWERS_READ, _MOST_AT_ONCE = 300, 2_000, 500
SUGGESTING = (SUGGEST_KIND.name, MODEL_SUGGEST_KIND.name)


class NoModelToAsk(UserError):
    """Suggestions by a model need a trained one."""

    sentence = (
        "This project has no trained model yet that could propose answers. Let the answered rows propose them, or train first. Nothing was changed."
    )
    status = 409

    def __init__(self) -> None:
        super().__init__()


@dataclass(frozen=True)
class LabelQueue:
    """The next rows to answer. `choices` are the known categories, the commonest first; `learned_from` counts the answers that the proposals know
    (None: there are none), `at_work` says that new ones are being worked out, `model` that a trained model could be asked."""

    dataset: str
    how: How
    choices: tuple[str, ...]
    fields: tuple[str, ...]
    rows: tuple[ToLabel, ...]
    counts: LabelCounts
    learned_from: int | None
    at_work: bool
    learned: Learned | None
    model: bool


@dataclass(frozen=True)
class Labelled:
    """`kept` answers changed a row; `gone` are positions of rows that no longer stand; `change` undoes all of it (None: nothing changed)."""

    kept: int
    gone: tuple[int, ...]
    change: int | None
    counts: LabelCounts


class QueueRequest(DatasetRequest):
    size: int = Field(20, ge=1, le=100, description="How many rows at once.")
    leave_out: tuple[int, ...] = Field((), max_length=1_000, description="Rows that the screen has already.")
    positions: tuple[int, ...] = Field((), max_length=100, description="These rows instead of the next ones.")
    how: How | None = Field(None, description="By category, by marked fields, or in free words; as the dataset's shape says if left empty.")


class GivenAnswer(Request):
    position: int = Field(ge=1, description="The row.")
    answer: str | None = Field(description="Its answer; null takes the answer away.", max_length=100_000)


class LabelRequest(DatasetRequest):
    answers: tuple[GivenAnswer, ...] = Field(min_length=1, max_length=_MOST_AT_ONCE, description="Answers, one a row.")


class SkipRequest(DatasetRequest):
    positions: tuple[int, ...] = Field(min_length=1, max_length=_MOST_AT_ONCE, description="Rows to come back to last.")
    again: bool = Field(False, description="Take the rows up again instead.")


class SuggestionsRequest(DatasetRequest):
    by_model: bool = Field(False, description="Ask the project's last trained model instead of the nearest answered rows.")
    how: How | None = Field(None, description="As in label-queue.")


@action("label-queue", request=QueueRequest, sentence="Show the next rows without an answer, the most useful first, with what is proposed for them.",
        scope=Scope.READ, example={"dataset": _EXAMPLE_ID, "size": 20})  # fmt: skip
def label_queue(context: Context, request: QueueRequest) -> LabelQueue:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    how = request.how or how_of(shape(dataset.shape).task)
    said = latest_suggestions(context, dataset)
    path = said.path if said is not None else None
    if request.positions:
        rows = labels.rows_at(store, dataset.id, request.positions, path)
    else:
        rows = labels.open_rows(store, dataset.id, size=request.size, suggestions=path, leave_out=request.leave_out)
    choices = tuple(label for label, _ in datasets.label_counts(store, dataset.id)[:_MOST_CHOICES]) if how is How.CHOICES else ()
    fields = tuple(labels.field_names(labels.answers_of(store, dataset.id, _MOST_ANSWERS_READ))) if how is How.FIELDS else ()
    at_work = any(job.subject == dataset.id and job.kind in SUGGESTING and job.state in LIVE for job in jobs.of_project(store, dataset.project))
    return LabelQueue(
        dataset.id, how, choices, fields, tuple(rows), labels.counts(store, dataset.id),
        said.answered if said is not None else None, at_work, said.learned if said is not None else None, _last_model(context, dataset) is not None,
    )  # fmt: skip


@action("label", request=LabelRequest, sentence="Give rows their answers, or take answers away.", undo="Undo.",
        example={"dataset": _EXAMPLE_ID, "answers": [{"position": 1, "answer": "billing"}]})  # fmt: skip
def label(context: Context, request: LabelRequest) -> Labelled:
    """All answers that are sent together are one change. The last answer counts where a row comes twice. Raises BadValue, NotFound."""
    dataset = dataset_of(context, request.dataset)
    wanted = {given.position: given.answer for given in request.answers}
    change, gone = put_answers(context, dataset, wanted, "label")
    return Labelled(change[1] if change else 0, gone, change[0] if change else None, labels.counts(context.workshop.store, dataset.id))


@action("skip", request=SkipRequest, sentence="Put rows aside: they come last, with the tag 'skipped'.", undo="Undo.",
        example={"dataset": _EXAMPLE_ID, "positions": [1]})  # fmt: skip
def skip(context: Context, request: SkipRequest) -> LabelCounts:
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    tags = (labels.SKIPPED,)
    what = Sentence("skipped_rows", "Put {count:,} row(s) aside", {"count": len(set(request.positions))})
    standing = [row.position for row in labels.rows_at(store, dataset.id, tuple(dict.fromkeys(request.positions)))]
    with contextlib.suppress(NothingChanged):  # skipped twice is skipped
        marks.mark(store, context.actor, dataset.id, standing, add_tags=() if request.again else tags,
                   remove_tags=tags if request.again else (), what=as_json(what))  # fmt: skip
    return labels.counts(store, dataset.id)


@action("suggestions", request=SuggestionsRequest, sentence="Work out anew what is proposed for rows without an answer, and which to answer first.",
        example={"dataset": _EXAMPLE_ID})  # fmt: skip
def suggestions(context: Context, request: SuggestionsRequest) -> Job:
    """The job that does it; the one that is at work already, if there is one. Raises NoModelToAsk."""
    dataset, store = dataset_of(context, request.dataset), context.workshop.store
    how = request.how or how_of(shape(dataset.shape).task)
    for job in jobs.of_project(store, dataset.project):
        if job.subject == dataset.id and job.kind in SUGGESTING and job.state in LIVE:
            return job
    answered = labels.counts(store, dataset.id).answered
    settings, kind = SuggestSettings(dataset=dataset.id, how=how, answered=answered), SUGGEST_KIND
    if request.by_model:
        settings, kind = _by_model(context, dataset, settings), MODEL_SUGGEST_KIND

    def inputs(folder: Path) -> dict[str, str]:
        sample = labels.write_sample(
            store, dataset.id, folder / SAMPLE_FILE, most_answered=MOST_ANSWERED, most_open=MOST_OPEN, whole=request.by_model
        )
        return {SAMPLE_FILE: sample}

    return context.workshop.supervisor.submit(kind.name, settings, owner=context.actor, project=dataset.project, subject=dataset.id, inputs=inputs)


def put_answers(context: Context, dataset: Dataset, wanted: dict[int, str | None], kind: str) -> tuple[tuple[int, int] | None, tuple[int, ...]]:
    """Write answers into rows as one change. Returns its number and how many rows it changed (None: no row is another now), and the rows that are gone."""
    store = context.workshop.store
    for position, answer in wanted.items():
        if answer is not None and (not answer.strip() or "\0" in answer):
            why = "an answer needs at least one letter, and no NUL character; null takes an answer away"
            raise BadValue(field=f"answers.{position}", value=repr(answer)[:40], why=why)
    standing = labels.messages_at(store, dataset.id, list(wanted))
    edits = [RowEdit(place, answered_messages(messages, wanted[place], dataset)) for place, messages in standing.items()]
    gone = tuple(sorted(set(wanted) - set(standing)))
    what = Sentence("answered_rows", "Answered {count:,} row(s)", {"count": len(edits)})
    try:
        change = changing.apply(store, context.actor, dataset.id, edits, kind, as_json(what)) if edits else None
    except NothingChanged:
        change = None
    return ((change.number, change.rows) if change is not None else None), gone


def answered_messages(messages: str, answer: str | None, dataset: Dataset) -> str:
    """The row's messages with `answer` after the last question; None takes away what stands there."""
    turns = json.loads(messages)
    asked = max((index for index, turn in enumerate(turns) if turn["role"] == "user"), default=len(turns) - 1)
    replies = [index for index in range(asked + 1, len(turns)) if turns[index]["role"] == "assistant"]
    if answer is None:
        turns = [turn for index, turn in enumerate(turns) if index not in replies]
    elif replies:
        turns[replies[-1]]["content"] = tidy_answer(answer, shape(dataset.shape).task)
    else:
        turns.append({"role": "assistant", "content": tidy_answer(answer, shape(dataset.shape).task)})
    return json.dumps(turns, ensure_ascii=False)


def tidy_answer(answer: str, task: str) -> str:
    """As an import writes it: fields in alphabetical order without blanks between them, other answers without blanks at the ends."""
    if how_of(task) is How.FIELDS:
        try:
            parsed = json.loads(answer)
        except ValueError:
            return answer.strip()
        if isinstance(parsed, dict):
            kept = {name.strip(): " ".join(value.split()) if isinstance(value, str) else value for name, value in parsed.items()}
            said = {name: value for name, value in kept.items() if value not in (None, "", [], {})}
            return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return answer.strip()


def latest_suggestions(context: Context, dataset: Dataset) -> Suggestions | None:
    """Of the newest job that finished; older ones' files are taken away."""
    found = [job for job in jobs.of_project(context.workshop.store, dataset.project)
             if job.subject == dataset.id and job.kind in SUGGESTING and job.state is JobState.DONE]  # fmt: skip
    for old in found[1:3]:
        (Path(old.folder) / SUGGESTIONS_FILE).unlink(missing_ok=True)
    return suggestions_of(Path(found[0].folder)) if found else None


def _by_model(context: Context, dataset: Dataset, settings: SuggestSettings) -> ModelSuggestSettings:
    """With all that the last model's training says of how it is asked. Raises NoModelToAsk."""
    found = _last_model(context, dataset)
    if found is None:
        raise NoModelToAsk()
    run, model = found
    recipe = Recipe.from_toml(run.recipe)
    return ModelSuggestSettings(**settings.model_dump(), task=recipe.task, model=model, known=known_answers(context, run), layout=recipe.layout)


def _last_model(context: Context, dataset: Dataset) -> tuple[Run, ModelReference] | None:
    """The newest training that made a model, and the model."""
    for run in runs.of_project(context.workshop.store, dataset.project):
        try:
            return run, models_of(context, run)[1]
        except UserError:
            continue
    return None


def known_choices(context: Context, dataset: Dataset) -> Sequence[str]:
    """The categories that stand, the commonest first."""
    return [name for name, _ in datasets.label_counts(context.workshop.store, dataset.id)[:_MOST_CHOICES]]
