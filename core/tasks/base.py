"""What a model can be taught: how a task prompts, which answers it allows, how an answer is scored. One file a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from core.errors import UserError
from core.plugins import declared
from core.tasks.form import Form


class Turn(BaseModel):
    """One message of a chat, as chat templates read it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    role: str
    content: str


class Constraint(BaseModel):
    """What an answer may be. `choices`: one of these texts. `regex`: a pattern (RE2-like, no look-around) that the whole answer matches.

    `fields` are the names that a JSON answer may hold, for prompts that list them; `form` is what each of them may hold, as the pattern says it too.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    choices: tuple[str, ...] = ()
    regex: str | None = None
    fields: tuple[str, ...] = ()
    form: Form | None = None


class UnknownTask(UserError):
    """The name is no task."""

    sentence = "There is no task '{name}'. Choose one of: {known}."

    def __init__(self, *, name: str, known: str) -> None:
        super().__init__(name=name, known=known)


class Task(ABC):
    """A task declares its names and does its work on plain values; instances hold nothing.

    `label` is what the person chooses ("Sort into categories"). `target` and `restore` turn the stored answer into the text that the model
    writes and back ('card_arrival' ↔ 'card arrival'). Scores are from 0 to 1 per row, so that rows can be compared in pairs.
    Whoever knows the answers of the training rows (training, evaluation, export, use) works with `task(name).knowing(answers)`.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    explanation: ClassVar[str]
    headline_metric: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    max_new_tokens: int

    def knowing(self, answers: Sequence[str]) -> "Task":
        """This task, or its form that keeps these known answers apart (where two would have the same target)."""
        return self

    def training_turns(self, turns: Sequence[Turn]) -> list[Turn]:
        """What is rendered for training: the turns with their targets."""
        return [turn.model_copy(update={"content": self.target(turn.content)}) if turn.role == "assistant" else turn for turn in turns]

    def prompt_turns(self, turns: Sequence[Turn]) -> list[Turn]:
        """What a tuned model is shown: all before the last answer."""
        last = max((i for i, turn in enumerate(turns) if turn.role == "assistant"), default=len(turns))
        return self.training_turns(turns[:last])

    def zero_shot_turns(self, turns: Sequence[Turn], constraint: Constraint | None) -> list[Turn]:
        """What a base model is shown, told what to do in words."""
        return self.prompt_turns(turns)

    def target(self, answer: str) -> str:
        return answer

    def certain(self, target: str) -> Sequence[tuple[int, int]]:
        """Stretches (start, end) of a target that the constraint writes without asking the model."""
        return ()

    def restore(self, text: str, answers: Sequence[str]) -> str:
        """The stored form of what a model wrote; `answers` are the known ones of training (for categories)."""
        return text.strip()

    def constraint(self, answers: Sequence[str]) -> Constraint | None:
        """From the training rows' answers, as targets."""
        return None

    @abstractmethod
    def score(self, answer: str, reference: str) -> float:
        """Of one row, from 0 to 1."""


def tasks() -> Mapping[str, Task]:
    """All tasks by name: every module of this folder that declares one. Classes with a leading underscore are forms of another."""
    return {one.name: one for one in declared("core.tasks", Task)}


def task(name: str) -> Task:
    """Raises UnknownTask."""
    known = tasks()
    if name not in known:
        raise UnknownTask(name=name, known=", ".join(known))
    return known[name]


def asked(turns: Sequence[Turn], instruction: str) -> list[Turn]:
    """The turns with an instruction above the last thing that the user said, for models that were not taught the task."""
    last = max((i for i, turn in enumerate(turns) if turn.role == "user"), default=None)
    if last is None:
        return [*turns, Turn(role="user", content=instruction)]
    told = turns[last].model_copy(update={"content": f"{instruction}\n\n{turns[last].content}"})
    return [*turns[:last], told, *turns[last + 1 :]]
