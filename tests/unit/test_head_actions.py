"""Heads and several adapters through the actions: trained one after another, told apart, asked side by side on one base, refused where they cannot go."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actions.compare import PairRequest, stream_pair
from core.actions.export import HeadStays
from core.actions.registry import Context, NeedsApproval, perform
from core.errors import BadValue
from core.evaluation.pairs import PairPiece, Side
from core.evaluation.verdict import Candidate
from core.home import Home
from core.models.installed import find
from core.training.recipe import BadRecipe, Recipe
from core.workshop import Workshop
from storage import datasets, projects
from storage.bulk import splitting
from storage.bulk.importing import import_parquet
from storage.files import Manifest
from storage.rows import LOCAL_OWNER, Dataset, Job, JobState, Project, ProjectId, Run
from tests.agreeing import agreed
from tests.unit.evaluation_bench import FRUIT
from tests.unit.kept_run import kept_run
from tests.unit.store_rows import write_parquet
from tests.unit.test_inference_adapters import adapter
from tests.unit.training_bench import tiny_model

ORDERS = [(f"order {n} of {FRUIT[n % 3].split('_')[0]} please", FRUIT[n % 3]) for n in range(120)]
FIELDS = [(f"order {n} of pear please", json.dumps({"number": str(n)})) for n in range(60)]


@pytest.fixture
def context(tmp_path: Path) -> Iterator[Context]:
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text("threads = 1\n")
    tiny_model(home.models / "tiny", max_position_embeddings=512)
    with Workshop.open(home) as workshop:
        yield Context(workshop, LOCAL_OWNER)


def dataset_of(context: Context, project: ProjectId, pairs: list[tuple[str, str]], name: str = "orders.csv") -> Dataset:
    store, home = context.workshop.store, context.workshop.home
    dataset = datasets.create(store, LOCAL_OWNER, project, name, "text_label", ["text", "label"])
    import_parquet(store, dataset.id, write_parquet(home.root / f"{name}.parquet", pairs), sealed=False)
    return dataset


def run_of(context: Context, dataset: Dataset, recipe: Recipe, name: str, *, labels: tuple[str, ...] = (), seed: int = 1) -> Run:
    """An adapter on the tiny base, with a head where there are `labels`."""
    store, base = context.workshop.store, find("tiny", context.workshop.home)
    split = splitting.freeze_split(store, splitting.freeze_version(store, dataset.id).id, "{}", seed=0, validation_share=0.1, test_share=0.2)

    def keep(folder: Path) -> None:
        adapter(base, folder, "lora", seed=seed, labels=labels)
        Manifest.write(folder)

    return kept_run(context, dataset, split, recipe, base, keep, name=name)


def ends(pieces: Iterator[PairPiece]) -> dict[Side, PairPiece]:
    return {piece.side: piece for piece in pieces if piece.done}


def test_models_of_two_tasks_on_one_base_answer_side_by_side_from_one_process(context: Context) -> None:
    project = projects.create(context.workshop.store, LOCAL_OWNER, "Orders")
    sorts, fields = dataset_of(context, project.id, ORDERS), dataset_of(context, project.id, FIELDS, "fields.csv")
    labels = tuple(sorted(label.replace("_", " ") for label in FRUIT))
    recipe = Recipe(task="classification", method="lora", head="classification", base_model="tiny")
    sorting = run_of(context, sorts, recipe, "Sort", labels=labels)
    finding = run_of(context, fields, Recipe(task="generation", method="lora", base_model="tiny"), "Find", seed=2)
    found = ends(stream_pair(context, PairRequest(run=sorting.id, question="order 3 of pear please", first="tuned", second=finding.id)))
    assert found[Side.LEFT].answer in FRUIT
    assert {chance.label for chance in found[Side.LEFT].chances} == set(FRUIT)
    assert found[Side.RIGHT].error is None
    assert found[Side.RIGHT].chances == ()
    assert len(context.workshop.inference.loaded()) == 1
    pair = perform(context, "compare", {"run": finding.id, "question": "order 3 of pear please", "first": "base", "second": sorting.id})
    assert pair.right.chances[0].label == pair.right.text
    assert len(context.workshop.inference.loaded()) == 1
    elsewhere = projects.create(context.workshop.store, LOCAL_OWNER, "Elsewhere")
    other = run_of(context, dataset_of(context, elsewhere.id, ORDERS), recipe, "Other", labels=labels)
    with pytest.raises(BadValue, match="another project"):
        next(stream_pair(context, PairRequest(run=sorting.id, question="x", first="tuned", second=other.id)))


def test_a_head_is_said_before_the_training_and_refused_for_other_tasks_and_for_an_export(context: Context) -> None:
    project = projects.create(context.workshop.store, LOCAL_OWNER, "Orders")
    dataset = dataset_of(context, project.id, ORDERS)
    recipe = Recipe(task="classification", method="lora", head="classification", base_model="tiny")
    with pytest.raises(NeedsApproval) as asked:
        perform(context, "train", {"project": project.id, "recipe": recipe.to_toml()})
    assert "a head of its own" in str(asked.value.plan.what)
    with pytest.raises(BadRecipe, match="head"):
        perform(context, "edit-recipe", {"recipe": recipe.to_toml(), "changes": '{"task": "generation"}'})
    run = run_of(context, dataset, recipe, "Sort", labels=("a", "b"))
    with pytest.raises(HeadStays, match="'Sort'"):
        perform(context, "export", {"run": run.id})


@pytest.mark.long
def test_two_tasks_are_trained_from_the_queue_evaluated_and_asked_on_one_base(context: Context) -> None:
    workshop = context.workshop
    project = projects.create(workshop.store, LOCAL_OWNER, "Orders")
    sorts, fields = dataset_of(context, project.id, ORDERS), dataset_of(context, project.id, FIELDS, "fields.csv")
    short = {"base_model": "tiny", "method": "lora", "learning_rate": 1e-2, "num_train_epochs": 6, "per_device_train_batch_size": 8, "evaluations": 3}
    first = _trained(context, project, sorts, Recipe(task="classification", head="classification", **short))
    second = _trained(context, project, fields, Recipe(task="generation", **short))
    for run in (first, second):
        ended = workshop.supervisor.wait(run.job, 300)
        assert ended.state is JobState.DONE, ended.error
    judged: Job = agreed(context, "evaluate", {"run": first.id})[1]
    ended = workshop.supervisor.wait(judged.id, 300)
    assert ended.state is JobState.DONE, ended.error
    document = perform(context, "verdict", {"verdict": first.id}).document
    tuned = document.result(Candidate.TUNED)
    assert tuned is not None
    assert tuned.headline is not None
    assert tuned.headline.value > 0.9
    found = ends(stream_pair(context, PairRequest(run=first.id, question=ORDERS[1][0], first="tuned", second=second.id)))
    assert found[Side.LEFT].answer == ORDERS[1][1]
    assert found[Side.RIGHT].error is None
    assert len(workshop.inference.loaded()) == 1


def _trained(context: Context, project: Project, dataset: Dataset, recipe: Recipe) -> Run:
    run: Run = agreed(context, "train", {"project": project.id, "dataset": dataset.id, "recipe": recipe.to_toml()})[1]
    return run
