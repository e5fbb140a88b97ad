"""Answers proposed by the last trained model: the order as the answered rows say it, the words from the model, for the rows that come next."""

from dataclasses import replace

from core.data.labelling.job import read_sample, write_suggestions
from core.data.labelling.kind import finish
from core.data.labelling.settings import LEARNED_FILE, SAMPLE_FILE, SUGGESTIONS_FILE, SuggestSettings
from core.data.labelling.suggest import learned, suggest
from core.jobs.handle import ChildJob
from core.jobs.spec import Kind
from core.models.reference import ModelReference
from core.tasks.base import Turn
from core.tasks.base import task as task_named
from storage.files import write_atomically

_MOST_ASKED = 60  # the next rows; a written answer may take seconds


class ModelSuggestSettings(SuggestSettings):
    """`model` was trained for `task`."""

    task: str
    model: ModelReference


def main(job: ChildJob) -> None:
    """A row that the model finds too long keeps what the answered rows propose."""
    from core.inference.base import Options, load

    settings = ModelSuggestSettings.model_validate(job.spec.settings)
    job.progress(0.1, "suggest.reading", "Reading what was answered")
    answered, open_ = read_sample(job.input(SAMPLE_FILE))
    found = suggest(answered, open_, settings.how, job.check_stop)
    texts = {row.position: row.text for row in open_}
    first = sorted(found, key=lambda one: one.order)[:_MOST_ASKED]
    known = tuple(sorted({row.answer for row in answered}))
    task = task_named(settings.task).knowing(known)
    constraint = task.constraint(known) if known else None
    job.progress(0.3, "suggest.asking", "Asking the trained model")
    backend = load(settings.model, job.spec.threads)
    prompts = [task.prompt_turns((Turn(role="user", content=texts[one.position]),)) for one in first]
    options = Options(max_new_tokens=task.max_new_tokens, constraint=constraint)
    written = backend.generate(
        prompts,
        options,
        told=lambda done, of: job.progress(0.3 + 0.5 * done / max(1, of), "suggest.asking", "Asking the trained model"),
        stop=job.stop_requested,
    )
    job.check_stop()
    said = {one.position: task.restore(text, known) for one, text in zip(first, written, strict=True) if text}
    proposed = [replace(one, answer=said[one.position], certainty=None) if one.position in said else one for one in found]
    write_suggestions(job.folder / SUGGESTIONS_FILE, proposed)
    write_atomically(job.folder / LEARNED_FILE, learned(answered, settings.how, job.check_stop).model_dump_json().encode())
    job.artefact("suggestions", job.folder / SUGGESTIONS_FILE)
    job.artefact("learned", job.folder / LEARNED_FILE)


MODEL_SUGGEST_KIND = Kind("suggest-model", "core.evaluation.suggesting:main", finish, exclusive=False)
KINDS: tuple[Kind, ...] = (MODEL_SUGGEST_KIND,)
