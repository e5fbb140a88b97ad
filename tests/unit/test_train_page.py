"""What the Train page tells of trainings and searches: every number is that of what is shown, and nothing is asked twice."""

from collections import Counter
from dataclasses import replace
from typing import Any

import gradio as gr
import pytest

from core.actions.registry import Context
from core.actions.search import SearchStatus
from core.home import Home
from core.search.record import Ending, SearchSettings
from core.workshop import Workshop
from storage import jobs, projects
from storage.rows import LOCAL_OWNER, JobId, JobProgress, JobState, Point
from tests.unit.curves_bench import project_in, run_with
from tests.unit.labels_bench import dataset_with, tickets
from tests.unit.search_bench import RATES
from tests.unit.test_search_parts import trial
from tests.unit.training_bench import recipe
from ui.app import Screen
from ui.pages.desks import CompareDesk
from ui.pages.page import Desk
from ui.pages.run_curves import curve_of
from ui.pages.search_shown import lead_of
from ui.pages.train import TrainPage
from ui.visit import Place, Visit
from ui.words import Words


class Watched(Visit):
    """Knows what was asked for its sake."""

    def do(self, verb: str, approval: str | None = None, **values: Any) -> Any:
        self.asked[verb] += 1
        return super().do(verb, approval, **values)

    @property
    def asked(self) -> Counter[str]:
        return self.__dict__.setdefault("seen", Counter())


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with Workshop.open(Home(tmp_path_factory.mktemp("page") / "home").prepare()) as opened:
        yield opened


def visit_of(workshop, view="run", **runs_with_losses):
    """Of a project with these trainings, the last one the newest."""
    context, project = project_in(workshop)
    made = {name: run_with(workshop, project, name, losses)[0] for name, losses in runs_with_losses.items()}
    return Watched(context, Place(step="train", project=project, view=view)), made


def test_the_first_sentence_of_a_comparison_is_about_the_trainings_on_the_chart(workshop):
    visit, made = visit_of(workshop, "compare", oldest=[1.0], middle=[2.0], newest=[1.5])
    page = TrainPage()
    assert "'newest' came lowest" in page.show(visit, Desk())["lead"].sentence
    outcome = page.handlers()["compare-choose"](visit, Desk(), {made["oldest"].id: True, made["middle"].id: True, made["newest"].id: False})
    assert not outcome.only, "the first sentence is another now"
    assert "'oldest' came lowest" in page.show(visit.at(), outcome.desk)["lead"].sentence
    alone = page.show(visit.at(), Desk(compare=CompareDesk((made["middle"].id,))))["lead"].sentence
    assert alone == "1 training, on one chart"


def test_all_steps_of_a_training_that_went_back_to_a_checkpoint_are_those_that_were_planned(workshop):
    visit, made = visit_of(workshop, killed=[2.0])
    job = made["killed"].job
    jobs.set_state(workshop.store, job, JobState.RUNNING)
    told = [Point(0, "fact.steps", 200.0), Point(80, "loss", 1.0)]
    jobs.take(workshop.store, job, offset=10, progress=JobProgress(51 / 200, "training|Training"), points=told)
    assert visit.run is not None
    assert curve_of(visit, visit.run).steps == 200
    assert curve_of(visit, visit.run).now == "step 80 of 200"


@pytest.mark.parametrize(
    ("view", "verb"), [("run", "run"), ("compare", "compare-runs"), ("search", "search-status"), ("queue", "queue"), ("update", "updates")]
)
def test_a_section_asks_once_for_what_several_of_its_parts_tell(workshop, view, verb):
    visit, _ = visit_of(workshop, view, first=[2.0], second=[1.0])
    page = TrainPage()
    page.show(visit, Desk())
    assert visit.asked[verb] == 1
    again = Watched(visit.context, visit.place)
    page.growing(again, Desk())
    assert again.asked[verb] <= 1


def test_while_a_training_grows_only_what_grows_is_asked_for(workshop):
    visit, _ = visit_of(workshop, first=[2.0], second=[1.0])
    grown = TrainPage().growing(visit, Desk())
    assert grown is not None
    assert {"run_curve", "run_facts", "run_coach", "run_bar", "run_pinned", "run_small"} <= grown.keys()
    assert "run-log" not in visit.asked
    assert grown.keys().isdisjoint({"run_behind", "run_change", "run_list"})


def test_one_change_can_be_in_each_setting_of_the_way_to_train_in_plain_words(workshop):
    visit, _ = visit_of(workshop)
    run_with(workshop, visit.place.project, "thin", [2.0], method="lora", method_options={"r": 4})
    shown = TrainPage().show(visit, Desk())["run_change"]
    fields = {field.value: field for field in shown.fields}
    assert fields["method_options.r"].note == "now 4"
    assert fields["method_options.r"].text not in ("", "r", "R")
    assert fields["num_train_epochs"].text != "num_train_epochs"
    assert "method_options.reduction_factor" not in fields


def test_what_is_at_work_can_be_stopped_on_every_page(workshop):
    project = projects.create(workshop.store, LOCAL_OWNER, "Stop")
    with gr.Blocks(analytics_enabled=False):
        screen = Screen(workshop, hosted=False)
        screen.layout()
    for page in screen._pages:
        job = jobs.create(workshop.store, LOCAL_OWNER, project.id, "train", folder="x", subject=page.name)
        jobs.set_state(workshop.store, job.id, JobState.PAUSED)
        visit = Watched(project_in(workshop)[0], Place(step=page.name, project=project.id))
        screen._handled(visit, page, Desk(), "stop-job", {"job": job.id})
        assert workshop.supervisor.job(JobId(job.id)).state is JobState.STOPPED


def test_a_training_is_opened_without_the_verdict_of_another_one(workshop):
    visit, made = visit_of(workshop, first=[2.0])
    handlers = TrainPage().handlers()
    for act in ("open-run", "evaluate"):
        go = handlers[act](visit, Desk(), {"run": made["first"].id}).go
        assert go is not None
        assert (go["run"], go["verdict"], go["view"], go["package"]) == (made["first"].id, "", "", "")
    assert handlers["open-run"](visit, Desk(), {"run": "r", "project": "p"}).go == {
        "run": "r",
        "project": "p",
        "view": "",
        "verdict": "",
        "package": "",
    }


def test_a_search_that_cannot_be_says_why_where_its_form_would_stand(workshop):
    context = Context(workshop, LOCAL_OWNER)
    dataset = dataset_with(context, tickets(30, 30))
    project = next(known for known in projects.of_owner(workshop.store, LOCAL_OWNER) if known.name == "Support desk")
    visit = Visit(context, Place(step="train", project=project.id, view="search", dataset=dataset))
    page, desk = TrainPage(), Desk(recipe=recipe(base_model="elsewhere").to_toml())
    desk = page.remember(visit, desk)
    assert desk.at == "search"
    assert desk.notice is not None
    assert "elsewhere" in desk.notice.sentence
    assert "search_form" not in page.show(visit, desk)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (trial(1, 1e-3, 8, 2.0), "with the settings as they were it was 2.000"),
        (trial(1, 1e-3, 8, 0.5), "0.500, with the settings as they were"),
        (trial(1, 1e-3, 8, ending=Ending.DIVERGED), "with the settings as they were nothing came of it"),
    ],
)
def test_a_search_tells_what_became_of_the_settings_as_they_were(workshop, tmp_path, start, said):
    from core.models.reference import ModelReference

    _, project = project_in(workshop)
    job = jobs.create(workshop.store, LOCAL_OWNER, project, "search", folder=str(tmp_path), subject="d")
    settings = SearchSettings(recipe=recipe(), base=ModelReference(name="m", folder=tmp_path), ranges=(RATES,), trials=8)
    trials = (start, trial(2, 2e-3, 8, 1.0))
    winner = min((one for one in trials if one.losses), key=lambda one: one.best)
    status = SearchStatus(replace(job, state=JobState.DONE), settings, trials, {}, winner, start, None, {}, can_resume=False)
    lead = lead_of(Words.of("en"), status)
    assert lead.sentence == "The best of 2 combinations is found"
    assert said in lead.quiet
