"""The conversation: a sentence comes, an answer goes, and where something is to be done, a plan card that waits for a person's yes."""

from collections.abc import Callable, Mapping
from typing import Any

from core.actions.registry import Context, perform
from core.assistant import data_talk
from core.assistant.cards import PlanCard, card
from core.assistant.reply import Place, PlanGone, Reply, Spoken, kept, revived
from core.assistant.standing import EVALUATE, EXPORT, IMPORT, TRAIN, Standing, standing
from core.assistant.understand import Meant, Nothing, understand
from core.errors import NotFound, UserError
from core.evaluation.verdict import VerdictDocument
from core.sentence import Sentence
from core.training import coach
from storage import projects, runs
from storage.rows import JobState, ProjectId, Said

PERSON, ASSISTANT = "person", "assistant"
AGREED, DECLINED = "✓", "✗"

_Answer = Callable[[Context, Standing, Mapping[str, Any]], Reply]


def reply(context: Context, project: ProjectId, text: str, place: Place | None = None) -> Reply:
    """Answer `text`, and keep both in the project's conversation. Raises NotFound."""
    place = place or Place()
    where = standing(context, project, place.run)
    if where is None:
        raise NotFound(thing="project", id=project)
    projects.say(context.workshop.store, project, PERSON, text)
    answer = _answered(context, where, understand(text, context.language))
    projects.say(context.workshop.store, project, ASSISTANT, kept(answer), answer.plan.to_json() if answer.plan else None)
    return answer


def approve(context: Context, project: ProjectId, token: str) -> Any:
    """Do what the open card with this token says, once. Raises PlanGone, NotFound and what the action raises; the talk keeps the error too."""
    if projects.get(context.workshop.store, context.actor, project) is None:
        raise NotFound(thing="project", id=project)
    found = open_card(context, project)
    # Marked first: a second click while the action is at work finds the card used.
    projects.say(context.workshop.store, project, PERSON, AGREED)
    try:
        if found is None or found.token != token:
            raise PlanGone()
        return perform(context, found.verb, found.values, approval=token)
    except UserError as error:
        projects.say(context.workshop.store, project, ASSISTANT, kept(Reply((), error=error)))
        raise


def withdraw(context: Context, project: ProjectId) -> None:
    """Close the open card without doing it."""
    if projects.get(context.workshop.store, context.actor, project) is None:
        raise NotFound(thing="project", id=project)
    projects.say(context.workshop.store, project, PERSON, DECLINED)


def open_card(context: Context, project: ProjectId) -> PlanCard | None:
    """The card of the conversation's last line, if that line has one: whatever is said next closes it."""
    lines = projects.said(context.workshop.store, project)
    last: Said | None = lines[-1] if lines else None
    return PlanCard.from_json(last.plan) if last is not None and last.plan else None


def conversation(context: Context, project: ProjectId, most: int = 60) -> list[Spoken]:
    """The last lines of the talk, oldest first; cards whose answer said nothing besides are left out. Raises NotFound."""
    if projects.get(context.workshop.store, context.actor, project) is None:
        raise NotFound(thing="project", id=project)
    lines = projects.said(context.workshop.store, project)[-most:]
    return [spoken for line in lines if (spoken := _spoken(line)).text or spoken.agreed is not None]


def _spoken(line: Said) -> Spoken:
    if line.speaker == ASSISTANT:
        return Spoken(False, revived(line.text))
    agreed = {AGREED: True, DECLINED: False}.get(line.text)
    return Spoken(True, () if agreed is not None else (line.text,), agreed)


def _answered(context: Context, where: Standing, meant: Meant | Nothing) -> Reply:
    if isinstance(meant, Nothing):
        facts = {"first": meant.nearest[0], "second": meant.nearest[1], "third": meant.nearest[2]}
        english = "I did not understand that. The nearest things that I can do: “{first}”, “{second}”, “{third}”."
        return Reply((Sentence("assistant.not_understood", english, facts),), suggestions=meant.nearest)
    try:
        return _ANSWERS[meant.intent](context, where, meant.values)
    except UserError as error:
        return Reply((), error=error)


def _plan(context: Context, verb: str, values: Mapping[str, Any], *said: Sentence, step: str | None = None) -> Reply:
    return Reply(tuple(said), card(context, verb, values), step)


def _what_next(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.live is not None:
        return _status(context, where, values)
    if where.dataset is None:
        said = Sentence(
            "assistant.next_data",
            "Bring your rows first: drop a CSV or JSONL file on the Data page. Or begin with the sample that comes with Bottega:",
        )
        return _plan(context, "sample", {"project": where.project.id}, said, step="data")
    if where.run is None:
        said = Sentence("assistant.next_train", "Your {rows:,} rows are ready. The next step is a quick training:", {"rows": where.dataset.rows})
        return _train(context, where, {}, said)
    if not where.trained:
        return _resume(context, where, {})
    if where.verdict is None:
        said = Sentence("assistant.next_evaluate", "The training has ended. The next step is to see whether it got better:")
        return _evaluate(context, where, {}, said)
    if where.package is None:
        return _export(context, where, {}, Sentence("assistant.next_export", "You know how good it is. The next step is to take it home:"))
    said = Sentence("assistant.next_download", "Your package is made: download it on the Export page. To get better still, add rows and train again.")
    return Reply((said,), step="export")


def _sample(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    return _plan(context, "sample", {"project": where.project.id}, step="data")


def _split(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.dataset is None:
        return _what_next(context, where, values)
    chosen = dict(values)
    wanted = chosen.pop("keep_together", None)
    if wanted is not None:
        column = next((name for name in where.dataset.columns if name.lower() == wanted.lower()), None)
        if column is None:
            facts = {"wanted": wanted, "columns": ", ".join(where.dataset.columns)}
            return Reply((Sentence("assistant.no_column", "There is no column '{wanted}' to keep together. The columns are: {columns}.", facts),))
        chosen["keep_together"] = column
    return _plan(context, "split", {"dataset": where.dataset.id, **chosen}, step="data")


def _choose_task(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if "task" not in values:
        english = "What should the model learn: to sort into categories, to write an answer, to pull out fields, or to summarise?"
        return Reply((Sentence("assistant.which_task", english),), step="method")
    return _plan(context, "choose-task", {"project": where.project.id, "task": values["task"]}, step="method")


def _train(context: Context, where: Standing, values: Mapping[str, Any], *said: Sentence) -> Reply:
    if where.dataset is None:
        return _what_next(context, where, values)
    if where.live is not None and where.live.kind == TRAIN:
        return Reply((Sentence("assistant.already_training", "A training is at work already. Say “stop” first, or wait for it."),), step="train")
    return _plan(context, "train", {"project": where.project.id, "preset": values.get("preset", "quick")}, *said, step="train")


def _search(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.dataset is None:
        return _what_next(context, where, values)
    start = {} if where.run is None else {"from_run": where.run.id}
    return _plan(context, "search", {"project": where.project.id, **start}, step="train")


def _stop(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.live is None:
        return Reply((Sentence("assistant.nothing_to_stop", "Nothing is at work now, so there is nothing to stop."),))
    return _plan(context, "stop", {"project": where.project.id, "job": where.live.id})


def _pause(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.run is None or where.run_job is None or where.run_job.state not in (JobState.QUEUED, JobState.RUNNING):
        return Reply((Sentence("assistant.nothing_to_pause", "No training is at work now, so there is nothing to pause."),))
    return _plan(context, "pause", {"run": where.run.id}, step="train")


def _resume(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.run is None:
        return _what_next(context, where, values)
    if where.run_job is None or where.run_job.state not in (JobState.LOST, JobState.STOPPED, JobState.FAILED, JobState.PAUSED):
        facts = {"run": where.run.name}
        return Reply((Sentence("assistant.nothing_to_resume", "“{run}” was not interrupted, so there is nothing to go on with.", facts),))
    return _plan(context, "resume", {"run": where.run.id}, step="train")


def _status(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    job = where.live
    if job is None:
        if where.run is None:
            return Reply((Sentence("assistant.nothing_runs_yet", "Nothing is at work, and nothing was trained yet."),))
        return Reply((Sentence("assistant.nothing_runs", "Nothing is at work now."), *_outcome(where), *_coached(context, where)))
    facts = {"share": job.progress or 0.0, "seconds": job.seconds_left or 0}
    what = {
        TRAIN: Sentence("assistant.at_training", "The training"),
        EVALUATE: Sentence("assistant.at_evaluation", "The evaluation"),
        EXPORT: Sentence("assistant.at_export", "The export"),
        IMPORT: Sentence("assistant.at_import", "The import"),
    }[job.kind]
    if job.state is JobState.QUEUED:
        said = Sentence("assistant.queued", "{what} waits for its turn.", {"what": what})
    elif job.seconds_left is not None:
        said = Sentence("assistant.running_left", "{what} is {share:.0%} done, {seconds:time} left.", {**facts, "what": what})
    else:
        said = Sentence("assistant.running", "{what} is {share:.0%} done; the time left is not known yet.", {**facts, "what": what})
    return Reply((said, *(_coached(context, where) if job.kind == TRAIN else ())))


def _why_rising(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    meaning = Sentence(
        "assistant.what_validation_is",
        "The validation loss says how badly the model does on rows that it does not learn from. When it rises while the training loss falls, the "
        "model learns its rows by heart instead of what they have in common. Bottega keeps the weights of the lowest point.",
    )
    if where.run is None:
        return Reply((Sentence("assistant.no_curve", "There is no training yet whose curve could rise."), meaning))
    return Reply((*_coached(context, where), meaning), step="train")


def _coached(context: Context, where: Standing) -> tuple[Sentence, ...]:
    return (coach.read(runs.points_after(context.workshop.store, where.run.id)).said,) if where.run else ()


def _outcome(where: Standing) -> tuple[Sentence, ...]:
    return (VerdictDocument.model_validate_json(where.verdict.document).headline.sentence(),) if where.verdict else ()


def _evaluate(context: Context, where: Standing, values: Mapping[str, Any], *said: Sentence) -> Reply:
    if where.run is None or not where.trained:
        return Reply((Sentence("assistant.train_first", "There is no trained model yet. Train one first: say “train quickly”."),))
    if where.verdict is not None and not said:
        again = Sentence("assistant.evaluate_again", "That is what the last evaluation found. To put it to the test again:")
        return _plan(context, "evaluate", {"run": where.run.id}, *_outcome(where), again, step="evaluate")
    return _plan(context, "evaluate", {"run": where.run.id}, *said, step="evaluate")


def _compare(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.run is None or not where.trained:
        return _evaluate(context, where, {})
    if "question" not in values:
        return Reply((Sentence("assistant.compare_what", "Say what both are to be asked, in quotation marks: compare on “…”."),), step="evaluate")
    pair = perform(context, "compare", {"run": where.run.id, "question": values["question"]})
    facts = {"question": pair.question, "first": pair.left.model, "second": pair.right.model, "left": pair.left.text, "right": pair.right.text}
    failed = next((one.error for one in (pair.left, pair.right) if one.error is not None), None)
    return Reply(
        (Sentence("assistant.compared", "On “{question}”: {first} answers “{left}”, {second} answers “{right}”.", facts),),
        step="evaluate",
        error=failed,
    )


def _export(context: Context, where: Standing, values: Mapping[str, Any], *said: Sentence) -> Reply:
    if where.run is None or not where.trained:
        return _evaluate(context, where, {})
    return _plan(context, "export", {"run": where.run.id, "precision": values.get("precision", "int4")}, *said, step="export")


def _download(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    if where.package is None:
        said = Sentence("assistant.no_package", "There is no package yet. Export the model first:")
        return _export(context, where, {}, said) if where.trained else _evaluate(context, where, {})
    return Reply((Sentence("assistant.download", "“{name}” waits on the Export page.", {"name": where.package.name}),), step="export")


def _yes(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    """A word counts as a click, for the card that stands just above it."""
    lines = projects.said(context.workshop.store, where.project.id)
    shown = lines[-2] if len(lines) > 1 else None
    if shown is None or not shown.plan:
        return Reply((Sentence("assistant.yes_to_what", "There is no open plan to say yes to."),))
    found = PlanCard.from_json(shown.plan)
    perform(context, found.verb, found.values, approval=found.token)
    step = {"train": "train", "evaluate": "evaluate", "export": "export", "sample": "data", "split": "data"}.get(found.verb)
    return Reply((Sentence("assistant.done", "Done: {what}", {"what": found.what}),), step=step)


def _no(context: Context, where: Standing, values: Mapping[str, Any]) -> Reply:
    return Reply((Sentence("assistant.left", "Left as it is."),))


_ANSWERS: Mapping[str, _Answer] = {
    "what_next": _what_next,
    "sample": _sample,
    "import": data_talk.bring,
    "split": _split,
    "choose_task": _choose_task,
    "train": _train,
    "search": _search,
    "stop": _stop,
    "pause": _pause,
    "resume": _resume,
    "status": _status,
    "why_rising": _why_rising,
    "evaluate": _evaluate,
    "compare": _compare,
    "export": _export,
    "download": _download,
    "undo": data_talk.undo,
    "checkup": data_talk.checkup,
    "yes": _yes,
    "no": _no,
}
