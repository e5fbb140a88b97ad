"""A loss of one's own comes in on one's own computer only, after its text was shown, and a run that names it learns by it."""

from dataclasses import replace

import pytest

from core.actions.losses import OwnLossNotAllowed
from core.actions.registry import Scope, perform
from core.errors import BadValue, NotAllowed, NotFound
from core.home import Home
from core.training.losses.own import OWN_FILE
from core.workshop import Workshop
from storage.rows import JobState
from tests.agreeing import agreed
from tests.unit.losses_bench import SEED_FORM
from tests.unit.test_training_actions import project_with
from tests.unit.training_bench import recipe, tiny_model

MINE = {"loss": "own", "loss_options": {"file": "mine.py", "arguments": {"margin": 1.0}}}


def opened(tmp_path, *, trusted: bool, hosted: bool = False):
    home = Home(tmp_path / "home").prepare()
    (home.root / "settings.toml").write_text(f"threads = 1\ntrusted_losses = {str(trusted).lower()}\n")
    tiny_model(home.models / "tiny")
    (tmp_path / "mine.py").write_text(SEED_FORM)
    return Workshop.open(home, hosted=hosted)


def at_the_command_line(workshop, answers):
    """Whose door may bring in programs, and a project of rows with these answers."""
    context, project = project_with(workshop, answers)
    return replace(context, scopes=frozenset(Scope)), project


def taken(workshop, context, tmp_path):
    return workshop.take_upload(context.actor, "mine.py", tmp_path / "mine.py").id


@pytest.mark.parametrize(("trusted", "hosted"), [(False, False), (True, True)])
def test_a_file_is_refused_where_nobody_trusts_it_and_on_every_hosted_server(trusted, hosted, tmp_path):
    with opened(tmp_path, trusted=trusted, hosted=hosted) as workshop:
        context, project = at_the_command_line(workshop, ("apple", "pear"))
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
        context, project = at_the_command_line(workshop, ("apple", "pear", "plum"))
        asked = {"upload": taken(workshop, context, tmp_path)}
        plan, loss = agreed(context, "take-loss", asked)
        assert plan.preview == (("", SEED_FORM),)
        assert loss.name == "mine.py"
        training = {"project": project.id, "recipe": recipe(num_train_epochs=1, **MINE).to_toml()}
        _, run = agreed(context, "train", training)
        job = workshop.supervisor.wait(run.job, 120)
        assert job.state is JobState.DONE, job.error
        assert (workshop.home.runs / job.id / OWN_FILE).read_text() == SEED_FORM


def test_names_paths_and_changed_files_are_refused_in_a_sentence(tmp_path):
    with opened(tmp_path, trusted=True) as workshop:
        context, project = at_the_command_line(workshop, ("apple", "pear"))
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


def test_no_other_door_can_bring_a_program_in(tmp_path):
    """What an assistant beside Bottega (MCP), a page or a browser's session sends is refused before anything is read."""
    with opened(tmp_path, trusted=True) as workshop:
        context, _ = project_with(workshop, ("apple", "pear"))
        with pytest.raises(NotAllowed):
            perform(context, "take-loss", {"upload": taken(workshop, context, tmp_path)})
        assert not (workshop.home.root / "losses").exists()


def test_another_owner_s_upload_is_not_there(tmp_path):
    with opened(tmp_path, trusted=True) as workshop:
        context, _ = at_the_command_line(workshop, ("apple", "pear"))
        upload = taken(workshop, context, tmp_path)
        with pytest.raises(NotFound):
            perform(replace(context, actor="someone"), "take-loss", {"upload": upload})


@pytest.mark.parametrize(("bearer", "may"), [(True, True), (False, False)])
def test_over_http_only_the_command_line_s_own_secret_may(bearer, may, tmp_path):
    """A browser's session, which a page from elsewhere might get to use, may not."""
    from fastapi import Request

    from storage.rows import LOCAL_OWNER
    from ui.api import context_of

    request = Request({"type": "http", "headers": [], "state": {"owner": LOCAL_OWNER, "bearer": bearer}})
    with opened(tmp_path, trusted=True) as workshop:
        assert (Scope.PROGRAM in context_of(workshop, request).scopes) is may
