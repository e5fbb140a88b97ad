"""Side by side: one question, two models, blind if wanted; and the vote on which answer is better."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from pydantic import Field, model_validator

from core.actions.evaluate import known_answers, models_of, task_of
from core.actions.project import project_of
from core.actions.registry import Context, Request, Scope, action
from core.actions.run import run_of
from core.data.layout import with_system
from core.errors import BadValue, NotFound, UserError
from core.evaluation.asking import BARE, TOLD
from core.evaluation.pairs import Asked, PairPiece, Side, shuffled, stream_two
from core.evaluation.verdict import Candidate, VerdictDocument
from core.export.package import package_reference
from core.inference.chances import Chance
from core.models.reference import ModelReference
from core.sentence import Sentence
from core.tasks.base import Constraint, Task, Turn
from core.tasks.base import task as task_named
from core.training.recipe import Recipe
from storage import packages, runs, verdicts
from storage.rows import PackageId, Run, RunId, Vote

_EXAMPLE_ID = "abcdefghijklm"
BASE, TUNED = "base", "tuned"


class Choice(StrEnum):
    """What a person prefers."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"
    NEITHER = "neither"


@dataclass(frozen=True)
class Answered:
    """One side's whole answer. `model` is hidden (None) in a blind comparison; `error` says why there is no answer, or no more of it; `chances` are the
    likeliest categories, of a model with a head for them; a question that was too long was asked in `read_in` pieces."""

    model: str | None
    text: str
    error: UserError | None = None
    chances: tuple[Chance, ...] = ()
    read_in: int = 1


@dataclass(frozen=True)
class Pair:
    """Both answers to a question. `seed` is what the vote sends back."""

    question: str
    left: Answered
    right: Answered
    blind: bool
    seed: int


@dataclass(frozen=True)
class Revealed:
    """A vote, with the names that were hidden until now."""

    vote: Vote
    left: str
    right: str


class PairRequest(Request):
    run: str = Field(description="The training whose models answer.")
    question: str = Field(min_length=1, max_length=1_000_000, description="What both are asked.")
    first: str = Field(BASE, description="'base', 'tuned', a package, or another training of the project.")
    second: str = Field(TUNED, description="'base', 'tuned', a package, or another training of the project.")
    blind: bool = Field(False, description="Hide which is which until the vote.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="In a blind comparison it decides who stands left.")

    @model_validator(mode="after")
    def _two(self) -> "PairRequest":
        if self.first == self.second:
            raise ValueError("choose two different models")
        return self

    @property
    def sides(self) -> tuple[str, str]:
        """Who stands left and right."""
        return shuffled((self.first, self.second), self.question, self.seed) if self.blind else (self.first, self.second)


class VoteRequest(PairRequest):
    left_answer: str = Field(max_length=1_000_000, description="What was answered on the left.")
    right_answer: str = Field(max_length=1_000_000, description="What was answered on the right.")
    chosen: Choice = Field(description="Which answer is better: left, right, both or neither.")


class VotesRequest(Request):
    project: str = Field(description="The project.")


@action("compare", request=PairRequest, sentence="Ask two models one question and see both answers side by side.", scope=Scope.READ,
        example={"run": _EXAMPLE_ID, "question": "Where is my card?"})  # fmt: skip
def compare(context: Context, request: PairRequest) -> Pair:
    """Raises NotFound, NotTrainedYet, and what opening a package raises; an error while answering stands in the pair."""
    texts: dict[Side, str] = {Side.LEFT: "", Side.RIGHT: ""}
    errors: dict[Side, UserError | None] = {}
    chances: dict[Side, tuple[Chance, ...]] = {}
    read_in = {Side.LEFT: 1, Side.RIGHT: 1}
    for piece in stream_pair(context, request):
        texts[piece.side] = piece.answer if piece.answer is not None else texts[piece.side] + piece.text
        errors[piece.side], chances[piece.side], read_in[piece.side] = piece.error, piece.chances, piece.read_in

    def answered(side: Side, name: str) -> Answered:
        return Answered(None if request.blind else name, texts[side], errors[side], chances[side], read_in[side])

    left, right = request.sides
    return Pair(request.question, answered(Side.LEFT, left), answered(Side.RIGHT, right), request.blind, request.seed)


def stream_pair(context: Context, request: PairRequest) -> Iterator[PairPiece]:
    """For the page: pieces of both answers as they are written. Close it to stop. Raises what `compare` raises, at the first piece."""
    run = run_of(context, request.run)
    left, right = (_asked(context, run, name, request.question) for name in request.sides)
    yield from stream_two(context.workshop.inference, left, right)


@action("vote", request=VoteRequest, sentence="Say which of two answers is better, and see which model gave which.",
        example={"run": _EXAMPLE_ID, "question": "Where is my card?", "blind": True, "left_answer": "card arrival", "right_answer": "lost card",
                 "chosen": "left"})  # fmt: skip
def vote(context: Context, request: VoteRequest) -> Revealed:
    run, (left, right) = run_of(context, request.run), request.sides
    stored = verdicts.vote(
        context.workshop.store,
        context.actor,
        run.project,
        question=request.question,
        left=(left, request.left_answer),
        right=(right, request.right_answer),
        chosen=request.chosen.value,
        blind=request.blind,
    )
    return Revealed(stored, left, right)


@action("votes", request=VotesRequest, sentence="List the votes of a project, newest first.", scope=Scope.READ, example={"project": _EXAMPLE_ID})
def list_votes(context: Context, request: VotesRequest) -> tuple[Vote, ...]:
    return tuple(verdicts.votes(context.workshop.store, project_of(context, request.project).id))


def _asked(context: Context, run: Run, name: str, question: str) -> Asked:
    """A run beside this one is asked with its own task and its own known answers."""
    if (other := _other_run(context, run, name)) is not None:
        return replace(_asked(context, other, TUNED, question), name=name)
    task, known, constraint = _knowing(context, run)
    base, tuned = models_of(context, run)
    model = base if name == BASE else tuned if name == TUNED else _package(context, run, name)
    prompted = _base_prompt(context, run, task, constraint) if name == BASE else task.prompt_turns

    def shown(text: str) -> tuple[Turn, ...]:
        return tuple(prompted((Turn(role="user", content=text),)))

    return Asked(name, model, task.name, question, shown, constraint, task.max_new_tokens, partial(_restored, task, known))


def _restored(task: Task, known: tuple[str, ...], text: str) -> str:
    return task.restore(text, known)


def _other_run(context: Context, run: Run, id: str) -> Run | None:
    """Another training of the same project; None where the name is none. Raises BadValue for one of another project."""
    found = runs.get(context.workshop.store, context.actor, RunId(id))
    if found is not None and found.project != run.project:
        raise BadValue(field="run", value=id, why=Sentence("bad.elsewhere", "it belongs to another project"))
    return found


def _knowing(context: Context, run: Run) -> tuple[Task, tuple[str, ...], Constraint | None]:
    """The task with the answers that training knew, as the evaluation has it."""
    task = task_named(task_of(run))
    if not (known := known_answers(context, run)):
        return task, (), None
    knowing = task.knowing(known)
    return knowing, known, knowing.constraint(known)


def form_names(context: Context, run: Run) -> tuple[str, ...]:
    """The fields that answers of this run hold; empty where they are no form."""
    _, _, constraint = _knowing(context, run)
    return constraint.fields if constraint is not None else ()


def _base_prompt(context: Context, run: Run, task: Task, constraint: Constraint | None) -> Callable[[Sequence[Turn]], list[Turn]]:
    """The prompt that served the base model best in this run's last evaluation; the fullest where there was none."""
    layout, found = Recipe.from_toml(run.recipe).layout, verdicts.latest(context.workshop.store, run.id)
    result = VerdictDocument.model_validate_json(found.document).result(Candidate.BASE) if found is not None else None
    said = result.prompt.key if result is not None and result.prompt is not None else None
    if said == BARE.key:
        return lambda turns: with_system(task.prompt_turns(turns), layout)
    listed = None if said == TOLD.key else constraint
    return lambda turns: with_system(task.zero_shot_turns(turns, listed), layout)


def _package(context: Context, run: Run, id: str) -> ModelReference:
    found = packages.get(context.workshop.store, context.actor, PackageId(id))
    if found is None:
        raise NotFound(thing="package", id=id)
    if found.project != run.project:
        raise BadValue(field="package", value=id, why=Sentence("bad.elsewhere", "it belongs to another project"))
    return package_reference(context.workshop.home, found)
