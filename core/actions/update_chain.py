"""How an update goes from one of its jobs to the next: when a job ends, when the server starts again, when a person takes it up again."""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from core.actions.data import dataset_of
from core.actions.doctor import MOST_ROWS_UNASKED
from core.actions.evaluate import known_answers, models_of, split_of
from core.actions.registry import Context
from core.actions.run import run_of
from core.actions.train import TrainRequest, check_fit, checked, start_run
from core.data.kind import summary_of
from core.data.replay import Past
from core.data.shapes.base import shape
from core.data.split import SplitPlan
from core.errors import NotFound, UserError
from core.evaluation.settings import FREE_TEXT_ROWS
from core.jobs.failures import told
from core.jobs.spec import JobSpec
from core.jobs.taking import as_json as error_as_json
from core.sentence import Sentence, as_json
from core.training.kind import TRAIN_KIND
from core.training.recipe import Recipe
from core.updating.document import Side, UpdateDocument
from core.updating.kind import JUDGE_KIND, PREPARE_KIND, prepared_of
from core.updating.settings import JUDGED_FILE, NEAR_FILE, ROWS_FILE, JudgedModel, JudgeSettings, PrepareSettings
from core.updating.wording import choice_of, done_line, headline, left_line, nothing_new, unnoted_line
from storage import changes, datasets, jobs, runs, updates
from storage.bulk import changing, extending, splitting, writing
from storage.errors import StorageError
from storage.rows import LIVE, DatasetId, Job, JobId, JobState, ModelUpdate, Part, RowFilter, Run, RunId, SplitId, UpdateStage

if TYPE_CHECKING:
    from core.workshop import Workshop

log = logging.getLogger(__name__)
_HISTORY = 10_000
_SIDES = TypeAdapter(tuple[Side, ...])


class FileNotRead(UserError):
    """The server was ended in the moment between the wish and its first job."""

    sentence = "Bottega was ended before {file} was read. Bring the file again. Nothing was changed."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class UpdateBroke(UserError):
    """The store or the disk failed between two jobs."""

    sentence = "The update could not go on: {why}. Go on with it once that is mended. The model in use and all rows are kept."
    status = 500

    def __init__(self, *, why: str) -> None:
        super().__init__(why=why)


def after_job(workshop: "Workshop", job_id: JobId) -> None:
    """With each job that has ended: the next job of its update, if it is one's. It writes all rows of a dataset into files, so nobody waits for it."""
    with workshop.update_turn:
        update = updates.of_job(workshop.store, job_id)
        if update is not None and jobs.find(workshop.store, job_id).state is JobState.DONE:
            go_on(Context(workshop, update.owner), update)


def take_up(workshop: "Workshop") -> None:
    """Once, when the workshop opens: updates whose job has ended, or was never asked for, while nobody looked."""
    with workshop.update_turn:
        for update in updates.going_on(workshop.store):
            context = Context(workshop, update.owner)
            job = job_of(context, update)
            if moves_on(update, job) and (job is None or job.state is JobState.DONE):
                go_on(context, update)


def job_of(context: Context, update: ModelUpdate) -> Job | None:
    """The job of its stage; None while none was asked for."""
    return jobs.get(context.workshop.store, context.actor, update.job) if update.job is not None else None


def moves_on(update: ModelUpdate, job: Job | None) -> bool:
    """Whether it comes to its next stage by itself: its job is at work, or has just ended well, or is about to be asked for."""
    return update.stage is not UpdateStage.DONE and update.error is None and (job is None or job.state in {*LIVE, JobState.DONE})


def past_of(context: Context, dataset: DatasetId) -> Past:
    """What was done to its rows."""
    return Past.of(changes.history(context.workshop.store, dataset, limit=_HISTORY))


def go_on(context: Context, update: ModelUpdate) -> ModelUpdate:
    """From a stage whose job is done to the next; or ask for the stage's job where none was. Whatever breaks in between is kept with the update, else it
    would stand still without a word. Only in its turn."""
    store = context.workshop.store
    try:
        if update.job is None:
            return _ask(context, update)
        return _NEXT[update.stage](context, update, jobs.find(store, update.job))
    except UserError as error:
        return updates.set_error(store, update.id, error_as_json(error))
    except (StorageError, OSError, ValueError) as error:  # ValueError: a file of a job, or what was noted, is not as it should be
        log.warning("an update could not go on", exc_info=error)
        reason = told(error, place=context.workshop.home.runs) or UpdateBroke(why=str(error))
        return updates.set_error(store, update.id, error_as_json(reason))


def _ask(context: Context, update: ModelUpdate) -> ModelUpdate:
    """The job of its stage: the one that was asked for when the server was ended, else a new one."""
    store = context.workshop.store
    asked = _asked_already(context, update)
    if asked is not None:
        run = runs.of_job(store, asked.id) if asked.kind == TRAIN_KIND.name else None
        done = updates.set_job(store, update.id, asked.id, run.id if run else None)
        return go_on(context, done) if asked.state is JobState.DONE else done
    return _STARTS[update.stage](context, update)


def _asked_already(context: Context, update: ModelUpdate) -> Job | None:
    kind, store = _KINDS[update.stage], context.workshop.store
    for job in jobs.of_project(store, update.project, kind):
        if job.created_at < update.stage_at:
            return None
        if job.subject in (update.id, update.dataset) or (kind == TRAIN_KIND.name and _is_its(context, update, RunId(job.subject))):
            return job
    return None


def _is_its(context: Context, update: ModelUpdate, run: RunId) -> bool:
    found, old = runs.get(context.workshop.store, update.owner, run), run_of(context, update.run)
    return found is not None and found.dataset == update.dataset and found.recipe == old.recipe


def _read_done(context: Context, update: ModelUpdate, job: Job) -> ModelUpdate:
    """The file's rows stand in the dataset: those that are known leave it again. What came by other ways since the training counts as new too."""
    store, summary = context.workshop.store, summary_of(Path(job.folder))
    document = _document(update)
    document = document.model_copy(
        update={"rows": summary.rows if summary else document.rows, "known": document.known + _without_known(context, update)}
    )
    return _ask(context, updates.begin_stage(store, update.id, UpdateStage.PREPARE, document.model_dump_json()))


def _prepare(context: Context, update: ModelUpdate) -> ModelUpdate:
    store, dataset = context.workshop.store, dataset_of(context, update.dataset)
    old = split_of(context, run_of(context, update.run))
    settings = PrepareSettings(
        dataset=dataset.id, first=extending.beyond(store, old.id), deeds=past_of(context, dataset.id).repeated, labelled=shape(dataset.shape).task == "classification",
        near=SplitPlan.model_validate_json(old.plan).near_together and dataset.rows <= MOST_ROWS_UNASKED,
    )  # fmt: skip
    job = context.workshop.supervisor.submit(
        PREPARE_KIND.name, settings, owner=context.actor, project=update.project, subject=update.id,
        inputs=lambda folder: {ROWS_FILE: writing.write_current(store, dataset.id, folder / ROWS_FILE)},
    )  # fmt: skip
    return updates.set_job(store, update.id, job.id)


def _prepare_done(context: Context, update: ModelUpdate, job: Job) -> ModelUpdate:
    """The new rows are clean: they are dealt out beside the older ones."""
    store, folder, old = context.workshop.store, Path(job.folder), split_of(context, run_of(context, update.run))
    settings = PrepareSettings.model_validate(JobSpec.of(folder).settings)
    done = tuple(done_line(deed, rows) for deed, rows in zip(settings.deeds, prepared_of(folder).touched, strict=True))
    past = past_of(context, update.dataset)
    left = (*map(left_line, past.left), *((unnoted_line(past.unnoted),) if past.unnoted else ()))
    twice = _without_known(context, update)  # a mask may have made a row one that is known
    sealed = Sentence("change.sealed", "New rows joined the sealed exam")
    wish = SplitPlan.model_validate_json(old.plan).draw(sealed_test=True)
    near = folder / NEAR_FILE
    split, joined = extending.extend_split(store, context.actor, old.id, wish, as_json(sealed), near if near.is_file() else None)
    document = _document(update)
    document = document.model_copy(
        update={
            "known": document.known + twice, "new": split.train + split.validation + split.test - old.train - old.validation - old.test,
            "joined": joined, "sealed": datasets.facts(store, update.dataset).sealed > 0, "done": done, "left": left,
            "train_before": old.train, "train_after": split.train, "split": split.id,
        }
    )  # fmt: skip
    if split.train <= old.train:
        return _end(context, update, document, nothing=True)
    return _ask(context, updates.begin_stage(store, update.id, UpdateStage.TRAIN, document.model_dump_json()))


def _train(context: Context, update: ModelUpdate) -> ModelUpdate:
    """The same recipe on all rows, from the base model: what was forgotten in between would not come back otherwise. On the rows as they were dealt out,
    however long that is ago: dealt out anew, the exam would hold rows that the model in use has learned."""
    old, split = run_of(context, update.run), _document(update).split
    dealt = splitting.get_split(context.workshop.store, context.actor, SplitId(split or ""))
    if dealt is None:
        raise NotFound(thing="split", id=split or "")
    asked = checked(context, TrainRequest(project=update.project, dataset=update.dataset, recipe=old.recipe))
    check_fit(context, asked)
    run = start_run(context, asked, dealt, _named(context, old))
    return updates.set_job(context.workshop.store, update.id, run.job, run.id)


def _train_done(context: Context, update: ModelUpdate, job: Job) -> ModelUpdate:
    split = split_of(context, _new_run(context, update))
    if not split.test:
        return _end(context, update, _document(update))
    return _ask(context, updates.begin_stage(context.workshop.store, update.id, UpdateStage.JUDGE))


def _judge(context: Context, update: ModelUpdate) -> ModelUpdate:
    store, old, new = context.workshop.store, run_of(context, update.run), _new_run(context, update)
    split, recipe = split_of(context, new), Recipe.from_toml(new.recipe)
    settings = JudgeSettings(
        task=recipe.task, first=extending.beyond(store, old.split), in_use=_judged(context, old), updated=_judged(context, new),
        max_rows=None if recipe.task == "classification" else FREE_TEXT_ROWS,
    )  # fmt: skip

    def inputs(folder: Path) -> dict[str, str]:
        return {ROWS_FILE: writing.write_rows(store, split.id, folder / ROWS_FILE, (Part.TEST,), with_original=True)}

    job = context.workshop.supervisor.submit(JUDGE_KIND.name, settings, owner=context.actor, project=update.project, subject=update.id, inputs=inputs)
    splitting.open_test(store, split.id)
    return updates.set_job(store, update.id, job.id)


def _judge_done(context: Context, update: ModelUpdate, job: Job) -> ModelUpdate:
    sides = _SIDES.validate_json((Path(job.folder) / JUDGED_FILE).read_text(encoding="utf-8"))
    return _end(context, update, _document(update).model_copy(update={"sides": sides}))


def _end(context: Context, update: ModelUpdate, document: UpdateDocument, *, nothing: bool = False) -> ModelUpdate:
    choice = choice_of(document.sides)
    said = nothing_new(update.file, document.rows or 0) if nothing else headline(choice)
    known = document.model_copy(update={"choice": choice, "headline": said})
    return updates.begin_stage(context.workshop.store, update.id, UpdateStage.DONE, known.model_dump_json())


def _without_known(context: Context, update: ModelUpdate) -> int:
    """Take out the new rows that an earlier one is, was or is remembered as; returns how many."""
    known = extending.known_positions(context.workshop.store, update.dataset, update.first)
    if known:
        said = Sentence("change.known", "{rows:,} row(s) that were known already were taken out", {"rows": len(known)})
        filter = RowFilter(positions=tuple(known))
        changing.take_out(context.workshop.store, context.actor, update.dataset, filter, "known", lambda _: as_json(said))
    return len(known)


def _judged(context: Context, run: Run) -> JudgedModel:
    _, tuned = models_of(context, run)
    return JudgedModel(model=tuned, known=known_answers(context, run), layout=Recipe.from_toml(run.recipe).layout)


def _named(context: Context, old: Run) -> str:
    """The old name with a number: 'Quick 1' is followed by 'Quick 1, update 1'."""
    first = old.name.partition(", update ")[0][:100]
    taken = sum(run.name.startswith(f"{first}, update ") for run in runs.of_project(context.workshop.store, old.project))
    return f"{first}, update {taken + 1}"


def _document(update: ModelUpdate) -> UpdateDocument:
    return UpdateDocument.model_validate_json(update.told)


def _new_run(context: Context, update: ModelUpdate) -> Run:
    return run_of(context, update.new_run or "")


def _not_read(context: Context, update: ModelUpdate) -> ModelUpdate:
    raise FileNotRead(file=update.file)


_STARTS: Mapping[UpdateStage, Callable[[Context, ModelUpdate], ModelUpdate]] = {
    UpdateStage.READ: _not_read, UpdateStage.PREPARE: _prepare, UpdateStage.TRAIN: _train, UpdateStage.JUDGE: _judge,
}  # fmt: skip
_NEXT: Mapping[UpdateStage, Callable[[Context, ModelUpdate, Job], ModelUpdate]] = {
    UpdateStage.READ: _read_done, UpdateStage.PREPARE: _prepare_done, UpdateStage.TRAIN: _train_done, UpdateStage.JUDGE: _judge_done,
}  # fmt: skip
_KINDS = {UpdateStage.READ: "import", UpdateStage.PREPARE: PREPARE_KIND.name, UpdateStage.TRAIN: TRAIN_KIND.name, UpdateStage.JUDGE: JUDGE_KIND.name}
