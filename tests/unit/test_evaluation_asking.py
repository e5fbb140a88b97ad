"""What a model is shown when it is asked: the base as much as the tuned one, and the last model, while labelling, as it was trained."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.actions.registry import Context, perform
from core.data.labelling.settings import SUGGESTIONS_FILE
from core.data.layout import Layout, with_cells
from core.data.split import SplitPlan, freeze
from core.evaluation.asking import Asked, Exam, Listener, ask_tuned, prompts_of
from core.evaluation.pairs import Asked as PairAsked
from core.evaluation.pairs import PairPiece, Side, stream_two
from core.evaluation.rows import Row
from core.evaluation.suggesting import MODEL_SUGGEST_KIND, main
from core.evaluation.verdict import Candidate, CandidateResult
from core.evaluation.wording import label_of, not_measured, too_long
from core.inference.base import Options, QuestionTooLong
from core.jobs.handle import ChildJob
from core.jobs.spec import JobSpec
from core.models.reference import ModelReference
from core.tasks.base import Turn, task
from core.training.recipe import Recipe
from storage import datasets
from storage.bulk import changing, splitting
from storage.rows import Dataset, NewExample, Part, RowEdit
from tests.unit.kept_run import kept_run
from tests.unit.labels_bench import dataset_with, tickets, workshop

_COLUMNS = Layout(system_prompt="Sort.", text_template="{shop}, {year}: {question}\n=> {answer}")


def _row(question: str, answer: str = "refund") -> Row:
    messages = json.dumps([{"role": "user", "content": question}, {"role": "assistant", "content": answer}])
    return Row("e1", 1, messages, question, answer, json.dumps({"shop": "Rome", "year": 2024}))


@pytest.mark.parametrize("name", ["classification", "extraction", "summarisation", "generation"])
def test_each_prompt_of_the_base_model_shows_the_columns_that_the_tuned_one_is_shown(name: str) -> None:
    row = _row("Where is my {money}?", '{"thing":"money"}' if name == "extraction" else "refund")
    asking = task(name).knowing([row.answer])
    exam = Exam(asking, (row.answer,), asking.constraint([row.answer]), (row,), 0, _COLUMNS)
    shown = [prompt(row) for _, prompt in prompts_of(exam)]
    assert len(shown) == len(prompts_of(Exam(asking, (row.answer,), exam.constraint, (row,), 0)))
    for turns in shown:
        assert [turn.role for turn in turns] == ["system", "user"]
        assert turns[-1].content.endswith("Rome, 2024: Where is my {money}?")


def test_without_columns_in_the_template_the_base_model_is_asked_as_ever() -> None:
    turns = [Turn(role="user", content="Where?")]
    for layout in (None, Layout(), Layout(text_template="Question: {question}\nAnswer: {answer}")):
        assert with_cells(turns, '{"shop": "Rome"}', layout) == turns
    assert with_cells(turns, None, _COLUMNS)[0].content == ", : Where?"


class _Recorder:
    """A model that says what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[Turn]] = []
        self.options: Options | None = None

    def generate(self, prompts: Sequence[Sequence[Turn]], options: Options, **_: Any) -> list[str]:
        self.asked, self.options = [list(prompt) for prompt in prompts], options
        return ["card"] * len(prompts)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    with workshop(tmp_path) as opened:
        yield opened


def _rows_of_a_shop(context: Context) -> Dataset:
    """Answered rows, one open row after a system text and an earlier turn, and far longer than what is compared with others."""
    rows = tickets(12, answered=12)
    id = dataset_with(context, rows)
    store = context.workshop.store
    turns = [
        {"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": "My card. " * 1_000},
    ]  # fmt: skip
    added = NewExample(json.dumps(turns), "", None, "tickets.csv", 13, json.dumps({"text": "t", "shop": "Rome", "year": 2024}))
    changing.add_rows(store, context.actor, id, [added], '{"key":"imported","english":"Rows","facts":{}}')
    found = datasets.get(store, context.actor, id)
    assert found is not None
    return found


def test_while_labelling_the_last_model_is_asked_as_it_was_trained(context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset, store = _rows_of_a_shop(context), context.workshop.store
    split = freeze(store, dataset.id, SplitPlan(), sealed_test=False)
    recipe = Recipe(task="classification", base_model="tiny", layout=_COLUMNS)
    reference = ModelReference(name="tiny", folder=tmp_path)

    def keep(folder: Path) -> None:
        folder.mkdir()
        reference.model_copy(update={"folder": folder}).save()

    kept_run(context, dataset, split, recipe, reference, keep)
    learned = {count.label for count in splitting.split_counts(store, split.id) if count.part is Part.TRAIN}
    later = dict.fromkeys((1, 2), "a new one")  # given since: the model does not know it
    changing.apply(store, context.actor, dataset.id, [RowEdit(at, _answered(at, says)) for at, says in later.items()], "label", "{}")
    folder = _submitted(context, monkeypatch, dataset)
    model = _Recorder()
    monkeypatch.setattr("core.inference.base.load", lambda reference, threads: model)
    main(ChildJob(folder, JobSpec.of(folder)))
    (asked,) = model.asked
    assert [(turn.role, turn.content) for turn in asked[:-1]] == [("system", "Be kind."), ("user", "Hello"), ("assistant", "Yes?")]
    assert asked[-1].content == "My card. " * 1_000
    assert asked[-1].model_dump()["columns"] == {"shop": "Rome", "year": "2024"}
    assert model.options is not None
    assert model.options.constraint is not None
    assert set(model.options.constraint.choices) == learned
    from pyarrow import parquet

    assert parquet.read_table(folder / SUGGESTIONS_FILE).to_pylist()[0]["answer"] == "card"


def _answered(position: int, answer: str) -> str:
    return json.dumps([{"role": "user", "content": f"question {position}"}, {"role": "assistant", "content": answer}])


def _submitted(context: Context, monkeypatch: pytest.MonkeyPatch, dataset: Dataset) -> Path:
    """The job's folder as its child would find it."""
    folder = context.workshop.home.runs / "suggesting"

    def submit(kind: str, settings: Any, *, inputs: Any, **_: Any) -> None:
        folder.mkdir()
        spec = JobSpec(id="job", kind=kind, main=MODEL_SUGGEST_KIND.main, settings=settings.model_dump(mode="json"), inputs=dict(inputs(folder)))
        spec.save(folder)

    monkeypatch.setattr(context.workshop.supervisor, "submit", submit)
    perform(context, "suggestions", {"dataset": dataset.id, "by_model": True})
    return folder


class _Reader:
    """A model that reads at most so many letters, each a token, and says which of the numbered sentences it was shown."""

    def __init__(self, limit: int) -> None:
        self.limit, self.asked = limit, list[str]()

    def prompt_ids(self, messages: Sequence[Turn]) -> list[int]:
        return [0] * sum(2 + len(turn.content) for turn in messages)

    def generate(self, prompts: Sequence[Sequence[Turn]], options: Options, **_: Any) -> list[str]:
        self.asked = [prompt[-1].content for prompt in prompts]
        return [" ".join(re.findall(r"Number \d+ is here\.", text)) if self._fits(text) else "" for text in self.asked]

    def stream(self, model: ModelReference, messages: Sequence[Turn], **_: Any) -> Iterator[str]:
        """As the pool's."""
        if not self._fits(messages[-1].content):
            raise QuestionTooLong(tokens=2 + len(messages[-1].content), limit=self.limit)
        yield from re.findall(r"Number \d+ is here\.\s?", messages[-1].content)

    def _fits(self, text: str) -> bool:
        return 2 + len(text) < self.limit


_LONG = " ".join(f"Number {number} is here. It has nothing to say." for number in range(40))
_TOLD = " ".join(f"Number {number} is here." for number in range(40))


def _exam(name: str) -> Exam:
    return Exam(task(name), (), None, (), 0)


def _asked_of(reader: _Reader, name: str, monkeypatch: pytest.MonkeyPatch) -> Asked:
    monkeypatch.setattr("core.inference.base.load", lambda reference, threads: reader)
    told: list[tuple[int, int]] = []
    listener = Listener(lambda done, of: told.append((done, of)), lambda: None, lambda: False)
    rows = [_row("Number 7 is here."), _row(_LONG)]
    return ask_tuned(ModelReference(name="reader", folder=Path()), _exam(name), rows, 1, listener)


def test_a_text_too_long_to_be_summarised_whole_is_read_in_pieces_and_their_summaries_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = _Reader(500)
    asked = _asked_of(reader, "summarisation", monkeypatch)
    assert asked.answers == ("Number 7 is here.", _TOLD)
    assert (asked.parted, asked.pieces, asked.silent, asked.unread) == (1, len(reader.asked) - 1, 0, 0)
    assert all(2 + len(text) <= 500 - task("summarisation").max_new_tokens for text in reader.asked)


def test_a_written_answer_is_not_put_together_and_the_verdict_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = _asked_of(_Reader(500), "generation", monkeypatch)
    assert asked.answers == ("Number 7 is here.", "")
    assert (asked.parted, asked.silent, asked.unread) == (0, 1, 1)
    result = CandidateResult(name=Candidate.TUNED, label=label_of(Candidate.TUNED), rows=2, silent=1, unread=1)
    (said,) = too_long([result])
    assert str(said).startswith(
        "1 texts are longer than the tuned model reads at once and were not answered. A written answer cannot be put together"
    )
    assert [line.key for line in not_measured([result], "generation", 0)] == ["verdict.truth"]


def test_a_text_longer_than_a_model_reads_is_asked_in_pieces_in_a_chat_too() -> None:
    def ends(name: str) -> PairPiece:
        side = PairAsked(
            "tuned", ModelReference(name="m", folder=Path()), name, _LONG, lambda text: (Turn(role="user", content=text),), None, 100, str.strip
        )
        pieces = stream_two(_Reader(500), replace(side, name="base", question="Number 3 is here."), side)  # type: ignore[arg-type]
        found = {piece.side: piece for piece in pieces if piece.done}
        assert (found[Side.LEFT].answer, found[Side.LEFT].read_in) == ("Number 3 is here.", 1)
        return found[Side.RIGHT]

    together = ends("summarisation")
    assert together.answer == _TOLD
    assert together.read_in > 3
    refused = ends("generation")
    assert refused.answer is None
    assert isinstance(refused.error, QuestionTooLong)
