"""Evaluate, read and compare through the actions: a real workshop, a real store, real children, tiny models."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actions.compare import PairRequest, stream_pair
from core.actions.evaluate import AnswersGone, NoTestRows, NotTrainedYet
from core.actions.registry import Context, NeedsApproval, perform
from core.errors import BadValue, NotFound
from core.evaluation.answers import AnswerPage, Show
from core.evaluation.pairs import Side, shuffled
from core.evaluation.settings import ANSWERS_FILE
from core.evaluation.verdict import Candidate
from core.home import Home
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage import datasets, jobs, projects, verdicts
from storage.bulk import splitting
from storage.bulk.importing import import_parquet
from storage.rows import LOCAL_OWNER, JobState, OwnerId, Run
from tests.agreeing import agreed
from tests.unit.evaluation_bench import FRUIT
from tests.unit.kept_run import kept_run
from tests.unit.store_rows import write_parquet
from tests.unit.training_bench import tiny_model


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home"))) as workshop:
        yield Context(workshop, LOCAL_OWNER)


@pytest.fixture(scope="module")
def run(context: Context) -> Run:
    return trained(context)


def trained(context: Context, *, rows: int = 120, test_share: float = 0.2, with_model: bool = True, task: str = "classification") -> Run:
    """A run as a training leaves it, without training: its job's folder holds a tiny model."""
    store, home = context.workshop.store, context.workshop.home
    project = projects.create(store, LOCAL_OWNER, "Orders")
    dataset = datasets.create(store, LOCAL_OWNER, project.id, "orders.csv", "text_label", ["text", "label"])
    pairs = [(f"order {n} of {FRUIT[n % 3].split('_')[0]} please", FRUIT[n % 3]) for n in range(rows)]
    import_parquet(store, dataset.id, write_parquet(home.root / "orders.parquet", pairs), sealed=False)
    split = splitting.freeze_split(store, splitting.freeze_version(store, dataset.id).id, "{}", seed=0, validation_share=0.1, test_share=test_share)
    base = tiny_model(home.models / f"base-{split.id}", seed=0)
    return kept_run(context, dataset, split, Recipe(task=task), base, _another_tiny_model if with_model else None)


def _another_tiny_model(folder: Path) -> None:
    tiny_model(folder, seed=1).save()


@pytest.fixture(scope="module")
def evaluated(context: Context, run: Run) -> str:
    """The verdict's id, after a real child has judged."""
    plan, job = agreed(context, "evaluate", {"run": run.id})
    assert "24 of the 24 test rows" in str(plan.what)
    assert plan.seconds is None, "nothing was measured yet"
    ended = context.workshop.supervisor.wait(job.id, timeout_s=120)
    assert ended.state is JobState.DONE, ended.error
    found = verdicts.of_job(context.workshop.store, job.id)
    assert found is not None
    return found.id


def test_an_evaluation_asks_first_runs_in_a_child_and_leaves_a_verdict(context: Context, run: Run, evaluated: str) -> None:
    view = perform(context, "verdict", {"verdict": evaluated})
    assert view.document.rows == 24
    assert view.run_name == "Quick 1"
    assert perform(context, "verdict", {"verdict": run.id}).verdict == evaluated, "a run's id means its newest verdict"
    (card,) = perform(context, "verdicts", {"project": run.project})
    assert str(card.headline) == str(view.document.headline)


def test_each_look_at_the_test_rows_is_counted(context: Context, run: Run, evaluated: str) -> None:
    split = splitting.get_split(context.workshop.store, LOCAL_OWNER, run.split)
    assert split is not None
    assert split.opened == 1
    with pytest.raises(NeedsApproval) as asked:
        perform(context, "evaluate", {"run": run.id, "max_rows": 12})
    assert "12 of the 24" in str(asked.value.plan.what)
    assert "so far: 1" in str(asked.value.plan.what)
    assert asked.value.plan.seconds is not None, "measured by the first one"


def test_answers_come_in_pages_losses_first(context: Context, evaluated: str) -> None:
    page: AnswerPage = perform(context, "answers", {"verdict": evaluated, "size": 10})
    assert (len(page.rows), page.total, page.next) == (10, 24, 10)
    losses: AnswerPage = perform(context, "answers", {"verdict": evaluated, "show": Show.REGRESSIONS, "other": "classic"})
    assert losses.rows
    assert all(row.scores[Candidate.CLASSIC] > row.scores[Candidate.TUNED] for row in losses.rows)


def test_a_verdict_that_finishes_twice_is_one(context: Context, evaluated: str) -> None:
    from core.evaluation.kind import finish

    store = context.workshop.store
    found = verdicts.get(store, LOCAL_OWNER, evaluated)  # type: ignore[arg-type]
    assert found is not None
    job = jobs.find(store, found.job)
    finish(store, job, Path(job.folder))
    assert len(verdicts.of_project(store, found.project)) == 1


def test_two_answers_stream_side_by_side_and_equal_what_compare_returns(context: Context, run: Run) -> None:
    request = PairRequest(run=run.id, question="order 7 of plum please")
    pieces = list(stream_pair(context, request))
    assert {piece.side for piece in pieces if piece.done} == {Side.LEFT, Side.RIGHT}
    pair = perform(context, "compare", request)
    assert (pair.left.model, pair.right.model) == ("base", "tuned")
    for side, answered in ((Side.LEFT, pair.left), (Side.RIGHT, pair.right)):
        assert answered.error is None
        assert answered.text in FRUIT
        assert [piece.answer for piece in pieces if piece.side is side and piece.done] == [answered.text]
        assert answered.text.replace("_", " ") == "".join(piece.text for piece in pieces if piece.side is side)


def test_a_question_longer_than_the_models_read_is_asked_in_pieces(context: Context, run: Run) -> None:
    pair = perform(context, "compare", {"run": run.id, "question": "One more pie please. " * 30})
    for answered in (pair.left, pair.right):
        assert answered.error is None
        assert answered.text in FRUIT, "what most pieces say"
        assert answered.read_in > 2


def test_a_blind_comparison_hides_the_names_until_the_vote(context: Context, run: Run) -> None:
    seeds = {shuffled(("base", "tuned"), "a pie?", seed): seed for seed in range(20)}
    assert len(seeds) == 2, "either may stand left"
    for sides, seed in seeds.items():
        asked = {"run": run.id, "question": "a pie?", "blind": True, "seed": seed}
        pair = perform(context, "compare", asked)
        assert (pair.left.model, pair.right.model) == (None, None)
        voted = perform(context, "vote", {**asked, "left_answer": pair.left.text, "right_answer": pair.right.text, "chosen": "left"})
        assert (voted.left, voted.right) == sides
        assert (voted.vote.left_model, voted.vote.chosen, voted.vote.blind) == (sides[0], "left", True)
    assert len(perform(context, "votes", {"project": run.project})) == 2


def test_closing_the_stream_stops_both_sides(context: Context, run: Run) -> None:
    stream = stream_pair(context, PairRequest(run=run.id, question="x"))
    next(stream)
    stream.close()
    assert perform(context, "compare", {"run": run.id, "question": "x"}).left.error is None


def test_another_owner_finds_nothing(context: Context, run: Run, evaluated: str) -> None:
    other = Context(context.workshop, OwnerId("other"))
    for verb, values in (
        ("evaluate", {"run": run.id}),
        ("verdict", {"verdict": evaluated}),
        ("verdict", {"verdict": run.id}),
        ("answers", {"verdict": evaluated}),
        ("verdicts", {"project": run.project}),
        ("compare", {"run": run.id, "question": "x"}),
        ("vote", {"run": run.id, "question": "x", "left_answer": "", "right_answer": "", "chosen": "both"}),
        ("votes", {"project": run.project}),
    ):
        with pytest.raises(NotFound):
            perform(other, verb, values)


def test_what_cannot_be_evaluated_says_why(context: Context) -> None:
    with pytest.raises(NotTrainedYet, match="no model yet"):
        perform(context, "evaluate", {"run": trained(context, with_model=False).id})
    empty = trained(context, rows=9, test_share=0.0)
    with pytest.raises(NoTestRows, match="No rows were kept aside"):
        perform(context, "evaluate", {"run": empty.id})


def test_a_model_is_not_compared_with_itself_or_with_what_is_not_there(context: Context, run: Run) -> None:
    with pytest.raises(BadValue, match="two different models"):
        perform(context, "compare", {"run": run.id, "question": "x", "first": "base", "second": "base"})
    with pytest.raises(NotFound, match="package"):
        perform(context, "compare", {"run": run.id, "question": "x", "second": "nosuchpackage"})


def test_answers_that_were_removed_leave_the_verdict(context: Context, run: Run, evaluated: str) -> None:
    found = verdicts.get(context.workshop.store, LOCAL_OWNER, evaluated)  # type: ignore[arg-type]
    assert found is not None
    path = Path(jobs.find(context.workshop.store, found.job).folder) / ANSWERS_FILE
    aside = path.rename(path.with_suffix(".aside"))
    try:
        with pytest.raises(AnswersGone):
            perform(context, "answers", {"verdict": evaluated})
        assert perform(context, "verdict", {"verdict": evaluated}).document.rows == 24
    finally:
        aside.rename(path)


def test_everything_that_is_said_can_go_through_a_door_as_json(context: Context, run: Run, evaluated: str) -> None:
    from pydantic_core import to_jsonable_python

    for verb, values in (("verdict", {"verdict": evaluated}), ("verdicts", {"project": run.project}), ("answers", {"verdict": evaluated})):
        assert json.loads(json.dumps(to_jsonable_python(perform(context, verb, values))))
