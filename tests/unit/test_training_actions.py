"""Method and training through the actions, with a real store, a real supervisor and a tiny real model."""

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from core.actions.registry import Context, perform
from core.home import Home
from core.models.installed import ModelNotHere
from core.training.encoding import NothingToLearn, OneCategory
from core.training.recipe import BadRecipe, Recipe
from core.workshop import Workshop
from storage import datasets, runs
from storage.bulk.importing import import_parquet
from storage.rows import LOCAL_OWNER, JobState, OwnerId
from tests.agreeing import agreed
from tests.unit.training_bench import tiny_model


@pytest.fixture
def workshop(tmp_path):
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text("threads = 1\n")
    tiny_model(home.models / "tiny")
    with Workshop.open(home) as opened:
        yield opened


def project_with(workshop, labels, count=60):
    context = Context(workshop, LOCAL_OWNER)
    project = perform(context, "create-project", {"name": "Fruit"})
    dataset = datasets.create(workshop.store, LOCAL_OWNER, project.id, "fruit", "text_label", ("text", "label"))
    made = []
    for number in range(count):
        label = labels[number % len(labels)] if labels else None
        turns = [{"role": "user", "content": f"a {label} numbered {number}"}] + ([{"role": "assistant", "content": label}] if label else [])
        made.append(
            {"messages": json.dumps(turns), "question": turns[0]["content"], "answer": label, "source": "f.csv", "row": number + 1, "original": "{}"}
        )
    schema = pyarrow.schema(
        [(name, pyarrow.int64() if name == "row" else pyarrow.string()) for name in ("messages", "question", "answer", "source", "row", "original")]
    )
    parquet = workshop.home.uploads / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made, schema=schema), parquet)
    import_parquet(workshop.store, dataset.id, parquet, sealed=False)
    return context, project


def test_from_a_preset_to_a_trained_run(workshop):
    context, project = project_with(workshop, ("apple", "pear", "plum"))
    wanted = {"project": project.id, "base_model": "tiny"}
    card = perform(context, "recipe", wanted)
    short = perform(context, "edit-recipe", {"recipe": card.toml, "changes": '{"num_train_epochs": 3, "evaluations": 4}'})
    asked = {"project": project.id, "recipe": short.toml}
    assert perform(context, "estimate", asked).estimate.seconds is None
    probe = workshop.supervisor.wait(perform(context, "probe", asked).id, 120)
    assert probe.state is JobState.DONE, probe.error
    assert perform(context, "probe", asked).id == probe.id
    measured = perform(context, "estimate", asked).estimate
    assert measured.seconds is not None
    plan, run = agreed(context, "train", asked)
    assert plan.seconds == pytest.approx(measured.seconds)
    assert workshop.supervisor.wait(run.job, 120).state is JobState.DONE
    most = workshop.store.read(None, "SELECT max(rss_bytes) FROM resource WHERE job = ?", [run.job])[0][0]
    assert measured.memory_bytes == pytest.approx(most, rel=0.25)
    status = perform(context, "run", {"run": run.id})
    curves = {series.name: series for series in status.curves}
    best = min(curves["eval_loss"].values)
    assert status.run.best_loss == status.reading.best_loss == best
    assert curves["eval_loss"].steps[curves["eval_loss"].values.index(best)] == status.run.best_step
    assert status.has_model
    assert not status.can_resume
    assert Recipe.from_toml(status.run.recipe).num_train_epochs == 3
    assert not Path(status.job.folder, "checkpoints").exists()
    assert perform(Context(workshop, LOCAL_OWNER), "how", {"project": project.id}) == status.reading


def test_what_keeps_a_training_from_starting_is_said_before(workshop):
    context, project = project_with(workshop, ("apple",))
    for error, values in (
        (OneCategory, {"base_model": "tiny"}),
        (ModelNotHere, {"base_model": "../tiny"}),
        (BadRecipe, {"recipe": 'task = "classification"\nbase_model = "tiny"\nlearning_rate = 7.0'}),
    ):
        with pytest.raises(error):
            perform(context, "train", {"project": project.id, **values})
    context, project = project_with(workshop, ())
    with pytest.raises(NothingToLearn):
        perform(context, "train", {"project": project.id, "base_model": "tiny"})
    assert runs.of_project(workshop.store, project.id) == []


def test_another_owner_s_run_is_not_there(workshop):
    from core.errors import NotFound

    _, project = project_with(workshop, ("apple", "pear"))
    other = Context(workshop, OwnerId("other"))
    for verb in ("recipe", "estimate", "runs", "how", "stop"):
        with pytest.raises(NotFound):
            perform(other, verb, {"project": project.id})


def test_changing_the_method_drops_the_other_method_s_settings(workshop):
    context, project = project_with(workshop, ("apple", "pear"))
    full = perform(context, "recipe", {"project": project.id, "base_model": "tiny"})
    lora = perform(context, "edit-recipe", {"recipe": full.toml, "changes": '{"method": "lora"}'})
    assert lora.recipe.method_options["r"] == 16
    assert perform(context, "edit-recipe", {"recipe": lora.toml, "changes": '{"method": "full"}'}).recipe.method_options == {}
