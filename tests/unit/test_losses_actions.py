"""A loss of one's own comes in on one's own computer only, after its text was shown, and a run that names it learns by it."""

import pytest

from core.actions.losses import OwnLossNotAllowed
from core.actions.registry import NeedsApproval, perform
from core.errors import BadValue, NotFound
from core.home import Home
from core.training.losses.own import OWN_FILE
from core.workshop import Workshop
from storage.rows import JobState
from tests.unit.test_training_actions import project_with
from tests.unit.test_training_losses import SEED_FORM
from tests.unit.training_bench import recipe, tiny_model

MINE = {"loss": "own", "loss_options": {"file": "mine.py", "arguments": {"margin": 1.0}}}


def opened(tmp_path, *, trusted: bool, hosted: bool = False):
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text(f"threads = 1\ntrusted_losses = {str(trusted).lower()}\n")
    tiny_model(home.models / "tiny")
    (tmp_path / "mine.py").write_text(SEED_FORM)
    return Workshop.open(home, hosted=hosted)


def taken(workshop, context, tmp_path):
    return workshop.take_upload(context.actor, "mine.py", tmp_path / "mine.py").id


@pytest.mark.parametrize(("trusted", "hosted"), [(False, False), (True, True)])
def test_a_file_is_refused_where_nobody_trusts_it_and_on_every_hosted_server(trusted, hosted, tmp_path):
    with opened(tmp_path, trusted=trusted, hosted=hosted) as workshop:
        context, project = project_with(workshop, ("apple", "pear"))
        with pytest.raises(OwnLossNotAllowed):
            perform(context, "take-loss", {"upload": taken(workshop, context, tmp_path)})
        (workshop.home.root / "losses").mkdir()
        (workshop.home.root / "losses" / "mine.py").write_text(SEED_FORM)
        for verb in ("train", "probe", "estimate"):
            with pytest.raises(OwnLossNotAllowed):
                perform(context, verb, {"project": project.id, "recipe": recipe(**MINE).to_toml()})
        assert "own" not in {one.name for one in perform(context, "losses", {})}


def test_a_file_is_shown_before_it_is_taken_and_a_run_learns_by_it(tmp_path):
    with opened(tmp_path, trusted=True) as workshop:
        context, project = project_with(workshop, ("apple", "pear", "plum"))
        asked = {"upload": taken(workshop, context, tmp_path)}
        with pytest.raises(NeedsApproval) as plan:
            perform(context, "take-loss", asked)
        assert plan.value.plan.preview == (("", SEED_FORM),)
        assert perform(context, "take-loss", asked, approval=plan.value.token).name == "mine.py"
        training = {"project": project.id, "recipe": recipe(num_train_epochs=1, **MINE).to_toml()}
        with pytest.raises(NeedsApproval) as plan:
            perform(context, "train", training)
        run = perform(context, "train", training, approval=plan.value.token)
        job = workshop.supervisor.wait(run.job, 120)
        assert job.state is JobState.DONE, job.error
        assert (workshop.home.runs / job.id / OWN_FILE).read_text() == SEED_FORM


def test_names_paths_and_changed_files_are_refused_in_a_sentence(tmp_path):
    with opened(tmp_path, trusted=True) as workshop:
        context, project = project_with(workshop, ("apple", "pear"))
        upload = taken(workshop, context, tmp_path)
        for values, error in (
            ({}, BadValue),
            ({"upload": "nobodyhasthis"}, NotFound),
            ({"upload": upload, "name": "../mine.py"}, BadValue),
            ({"upload": upload, "sha256": "0" * 64}, BadValue),
        ):
            with pytest.raises(error):
                perform(context, "take-loss", values)
        for file in ("../mine.py", "none.py"):
            with pytest.raises(NotFound):
                perform(context, "train", {"project": project.id, "recipe": recipe(loss="own", loss_options={"file": file}).to_toml()})
