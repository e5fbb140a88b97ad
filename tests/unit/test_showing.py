"""As the model sees it: the child that holds tokenizers, the actions over it, and what a training and an evaluation make of a layout."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from core.actions.documents import NoPiecesForTask, NoPiecesOfSummaries
from core.actions.method import PlaceHoldsAnswer
from core.actions.registry import Context, NeedsApproval, perform, request_for
from core.actions.registry import actions as all_actions
from core.data.cutting.kind import KINDS as CUTTING
from core.data.cutting.settings import NothingTooLong
from core.data.kind import KINDS
from core.data.layout import Layout, TemplateFault, UnknownPlaceholder
from core.data.showing.protocol import Cut, CutUp, Measure, Measured, Row, Show, Shown, Wear
from core.data.showing.room import ShowingGone, ShowingRoom
from core.data.template import encode
from core.errors import NotFound
from core.home import Home
from core.models.installed import shape_of, starter
from core.models.load import ModelIncomplete, load_tokenizer
from core.sentence import Sentence
from core.tasks.base import Turn, task
from core.training.encoding import WHOLE_EVERY, TrainingRow, check_rows, encode_rows, read_rows
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage import layouts
from storage.bulk import splitting
from storage.bulk.writing import write_rows
from storage.rows import DatasetId, JobState, OwnerId, Part, SplitId
from tests.agreeing import agreed
from tests.unit.data_files import written
from ui.pages.desks import TemplateDesk
from ui.pages.page import Desk
from ui.pages.sections.template import TemplateSection
from ui.visit import Place, Visit

_FORM = '{"guests":2,"when":"Monday"}'
_LONG = "The parcel did not come. " * 120
_WEAR = Wear(folder=starter(), layout=Layout(system_prompt="Be brief."), task="classification", known=("card_arrival", "refund"), max_length=64)


def _row(question: str, answer: str = "card_arrival") -> Row:
    return Row(turns=(Turn(role="user", content=question), Turn(role="assistant", content=answer)))


def _latest_split(context: Context, dataset: DatasetId) -> SplitId:
    found = splitting.latest_split(context.workshop.store, dataset)
    assert found is not None
    return found.id


@pytest.fixture(scope="module")
def room() -> Iterator[ShowingRoom]:
    made = ShowingRoom()
    yield made
    made.close()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Context]:
    with Workshop.open(Home(tmp_path_factory.mktemp("home")), kinds=(*KINDS, *CUTTING)) as workshop:
        yield Context(workshop, OwnerId("anna"))


@pytest.fixture(scope="module")
def dataset(context: Context, tmp_path_factory: pytest.TempPathFactory) -> DatasetId:
    """40 short messages in two categories, one of them far too long, with a column of products."""
    lines = ["text,label,product", *(f"Message {n} about topic {n % 2},k{n % 2},p{n}" for n in range(39)), f"{_LONG},k1,p99"]
    path = written(tmp_path_factory.mktemp("files"), "\n".join(lines), "rows.csv")
    project = perform(context, "create-project", {"name": "Rows"}).id
    upload = context.workshop.take_upload(context.actor, path.name, path)
    job = perform(context, "import", {"upload": upload.id, "project": project})
    return DatasetId(context.workshop.supervisor.wait(job.id, 60).subject)


def test_the_child_shows_what_training_would_learn_from(room: ShowingRoom) -> None:
    shown = room.ask(Show(wear=_WEAR, row=_row("Where is my card?")))
    assert isinstance(shown, Shown)
    assert (
        "".join(one.text for one in shown.stretches) == "<|system|>Be brief.<|end|><|user|>Where is my card?<|end|><|assistant|>card arrival<|end|>"
    )
    assert [one.text for one in shown.stretches if one.learned] == ["card arrival<|end|>"]
    assert shown.tokens == shown.whole
    assert not shown.folded


def test_of_a_form_the_values_are_marked_and_what_it_writes_by_itself_is_counted(room: ShowingRoom) -> None:
    wear = _WEAR.model_copy(update={"task": "extraction", "known": (_FORM, '{"when":"May"}'), "max_length": 256})
    shown = room.ask(Show(wear=wear, row=_row("Two on Monday, please", _FORM)))
    assert isinstance(shown, Shown)
    learned = "".join(one.text for one in shown.stretches if one.learned)
    assert "when" not in learned
    assert "guests" not in learned
    assert learned.endswith("<|end|>")
    assert shown.spared > 0
    measured = room.ask(Measure(wear=wear, rows=(_row("Two on Monday, please", _FORM),)))
    assert isinstance(measured, Measured)
    assert measured.learned == (shown.learned + shown.spared,)


def test_one_training_row_in_some_learns_a_form_whole_and_no_validation_row_does() -> None:
    tokenizer, knowing = load_tokenizer(starter()), task("extraction").knowing([_FORM])
    turns = tuple(_row("Two on Monday, please", _FORM).turns)
    rows = [TrainingRow(part, turns, _FORM) for part in (*[Part.TRAIN] * (2 * WHOLE_EVERY), *[Part.VALIDATION] * 3)]
    found = encode_rows(rows, knowing, tokenizer, 256)
    learned = [int(one.learned.sum()) for one in found.train]
    assert [count == max(learned) for count in learned] == [at % WHOLE_EVERY == 0 for at in range(2 * WHOLE_EVERY)]
    assert {int(one.learned.sum()) for one in found.validation} == {min(learned)}


def test_what_is_cut_out_of_a_long_row_is_counted_where_it_is_missing(room: ShowingRoom) -> None:
    shown = room.ask(Show(wear=_WEAR, row=_row(_LONG)))
    assert isinstance(shown, Shown)
    assert shown.tokens == 64
    assert sum(one.missing for one in shown.stretches) == shown.whole - shown.tokens > 0
    measured = room.ask(Measure(wear=_WEAR, rows=(_row(_LONG), _row("Hi"))))
    assert isinstance(measured, Measured)
    assert measured.lengths[0] == shown.whole


def test_pieces_of_a_long_row_fit_with_all_that_stands_around_them(room: ShowingRoom) -> None:
    cut = room.ask(Cut(wear=_WEAR, overlap=8, rows=(_row(_LONG), _row("Hi"))))
    assert isinstance(cut, CutUp)
    assert cut.pieces[1] == ("Hi",)
    measured = room.ask(Measure(wear=_WEAR, rows=tuple(_row(piece) for piece in cut.pieces[0])))
    assert isinstance(measured, Measured)
    assert len(cut.pieces[0]) > 5
    assert max(measured.lengths) <= _WEAR.max_length


def test_an_error_of_the_child_comes_back_by_its_name_and_the_child_goes_on(room: ShowingRoom, tmp_path: Path) -> None:
    with pytest.raises(ModelIncomplete):
        room.ask(Show(wear=_WEAR.model_copy(update={"folder": tmp_path}), row=_row("Hi")))
    assert room.is_running()


def test_an_idle_child_is_let_go_and_a_dead_one_is_started_again() -> None:
    room = ShowingRoom(idle_s=0.01)
    room.ask(Show(wear=_WEAR, row=_row("Hi")))
    until = time.monotonic() + 10
    while room.is_running() and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert not room.is_running()
    assert isinstance(room.ask(Show(wear=_WEAR, row=_row("Hi"))), Shown)
    room.close()
    with pytest.raises(ShowingGone):
        room.ask(Show(wear=_WEAR, row=_row("Hi")))


def test_a_child_that_does_not_answer_in_time_is_ended() -> None:
    room = ShowingRoom(patience_s=0.01)
    with pytest.raises(ShowingGone):
        room.ask(Show(wear=_WEAR, row=_row("Hi")))
    assert not room.is_running()
    room.close()


def test_an_example_is_shown_with_those_beside_it(context: Context, dataset: DatasetId) -> None:
    shown = perform(context, "show-example", {"dataset": dataset, "position": 2})
    assert (shown.number, shown.rows, shown.cut) == (2, 40, False)
    assert any(one.learned and one.text.startswith("k1") for one in shown.stretches)
    after = perform(context, "show-example", {"dataset": dataset, "position": shown.next})
    assert after.previous == shown.position
    last = perform(context, "show-example", {"dataset": dataset, "position": 10_000, "max_length": 64})
    assert (last.next, last.cut) == (None, True)
    assert [note.key for note in last.notes] == ["template.row_cut"]


def test_a_layout_can_be_tried_before_it_is_set(context: Context, dataset: DatasetId) -> None:
    tried = perform(context, "show-example", {"dataset": dataset, "text_template": "{product}: {question} => {answer}", "system_prompt": "Sort."})
    assert "".join(one.text for one in tried.stretches).startswith("Sort.\n\np0: Message 0 about topic 0 => k0")
    assert not perform(context, "layout", {"dataset": dataset}).stored
    assert perform(context, "layout", {"dataset": dataset}).places == ("question", "answer", "text", "product")
    with pytest.raises(PlaceHoldsAnswer, match="label"):
        perform(context, "show-example", {"dataset": dataset, "text_template": "{label} {question} {answer}"})
    with pytest.raises(UnknownPlaceholder, match=r"\{question\}, \{answer\}, \{text\}, \{label\}, \{product\}"):
        perform(context, "show-example", {"dataset": dataset, "text_template": "{Product} {question} {answer}"})
    with pytest.raises(TemplateFault):
        perform(context, "set-layout", {"dataset": dataset, "text_template": "{question}"})


def test_the_report_counts_what_would_be_cut_and_a_sample_says_between_what(context: Context, dataset: DatasetId) -> None:
    report = perform(context, "template-report", {"dataset": dataset, "max_length": 64})
    assert (report.rows, report.measured, report.cut, report.low, report.high) == (40, 40, 1, 1 / 40, 1 / 40)
    assert report.lengths[-1] > 64 > report.lengths[0]
    assert report.advice is not None
    drawn = perform(context, "template-report", {"dataset": dataset, "max_length": 64, "sample": 10, "seed": 3})
    assert drawn.measured == 10
    assert drawn.low <= 1 / 40 <= drawn.high
    assert perform(context, "template-report", {"dataset": dataset}).advice is None


def test_a_set_layout_is_in_every_recipe_and_a_training_writes_its_cells(context: Context, dataset: DatasetId, tmp_path: Path) -> None:
    layout = {"system_prompt": "Sort.", "text_template": "{product}: {question} => {answer}"}
    perform(context, "set-layout", {"dataset": dataset, **layout})
    try:
        project = perform(context, "projects", {})[0].project
        recipe = perform(context, "recipe", {"project": project, "dataset": dataset}).recipe
        assert recipe.layout == Layout(**layout)
        assert Recipe.from_toml(recipe.to_toml()) == recipe
        perform(context, "split", {"dataset": dataset})
        split = _latest_split(context, dataset)
        file = context.workshop.home.root / "cells.parquet"
        write_rows(context.workshop.store, split, file, (Part.TRAIN, Part.VALIDATION), with_original=True)
        tokenizer = load_tokenizer(starter())
        from core.data.layout import wear

        wear(tokenizer, recipe.layout)
        encoded = encode_rows(check_rows(read_rows(file), "classification"), task("classification"), tokenizer, 512, layout=recipe.layout)
        text = str(tokenizer.decode(encoded.train[0].ids))
        assert text.startswith("Sort.\n\np")
        assert " => k" in text
    finally:
        perform(context, "set-layout", {"dataset": dataset})
    assert layouts.get(context.workshop.store, dataset) is None


def test_long_texts_are_split_after_a_yes_and_their_pieces_stay_on_one_side(context: Context, dataset: DatasetId) -> None:
    values = {"dataset": dataset, "max_length": 64}
    plan, job = agreed(context, "split-documents", values)
    assert "1 long texts" in str(plan.what)
    assert context.workshop.supervisor.wait(job.id, 60).state is JobState.DONE
    until = time.monotonic() + 10
    while list(Path(job.folder).glob("*.parquet")) and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert not list(Path(job.folder).glob("*.parquet")), "the rows are the store's, not the job's"
    assert perform(context, "template-report", {"dataset": dataset, "max_length": 64}).cut == 0
    store = context.workshop.store
    sql = """
        SELECT count(DISTINCT r.part), count(*) FROM split_row r JOIN example e ON e.position = r.position AND e.dataset = $dataset AND e.gone IS NULL
        WHERE r.split = $split AND e.original LIKE '%"piece"%'
    """
    sides, pieces = store.read(None, sql, {"dataset": dataset, "split": _latest_split(context, dataset)})[0]
    assert sides == 1
    assert pieces > 5
    parts = store.read(None, "SELECT count(DISTINCT part) FROM split_row WHERE split = ?", [_latest_split(context, dataset)])
    assert parts == [(3,)]
    with pytest.raises(NothingTooLong):
        perform(context, "split-documents", values)
    perform(context, "undo", {"dataset": dataset})
    assert perform(context, "template-report", {"dataset": dataset, "max_length": 64}).cut == 1


def test_the_screen_shows_how_far_the_splitting_is_and_says_when_it_is_done(context: Context, dataset: DatasetId) -> None:
    section, start = TemplateSection(), agreed(context, "split-documents", {"dataset": dataset, "max_length": 64})[1]
    visit = Visit(context, Place.of({"project": start.project, "dataset": dataset, "view": "template"}))
    desk = Desk(template=TemplateDesk(splitting=start.id))
    growing = section.growing(visit, desk) or {}
    if visit.at_work("cut") is not None:
        assert growing["template_progress"].buttons[0].act == "stop-job"
        assert section.settle(visit, desk) is None
    context.workshop.supervisor.wait(start.id, 60)
    settled = section.settle(visit.at(), desk)
    assert settled is not None
    assert settled.template.splitting == ""
    assert settled.notice is not None
    assert settled.notice.sentence == "1 long text was split into pieces."
    perform(context, "undo", settled.notice.buttons[0].values)
    assert section.settle(visit.at(), settled) is None


def test_how_far_the_splitting_is_stands_above_all_else() -> None:
    with gr.Blocks(analytics_enabled=False):
        made = TemplateSection().layout()
    assert min(made, key=lambda name: made[name]._id) == "template_progress"


def test_of_many_long_texts_the_plan_looks_at_some_and_the_job_at_all(context: Context, dataset: DatasetId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.actions.documents._LOOKED", 4)
    values = {"dataset": dataset, "max_length": 16, "overlap": 0}
    with pytest.raises(NeedsApproval) as asked:
        perform(context, "split-documents", values)
    said = asked.value.plan.what
    assert isinstance(said, Sentence)
    assert said.facts["looked"] == 4
    assert said.facts["rows"] >= 40
    assert asked.value.plan.seconds
    job = perform(context, "split-documents", values, approval=asked.value.token)
    assert perform(context, "split-documents", values, approval=asked.value.token).id == job.id, "two at a time would do it twice"
    perform(context, "stop-job", {"job": job.id})
    assert context.workshop.supervisor.wait(job.id, 60).state in (JobState.STOPPED, JobState.DONE)


def test_written_answers_are_not_split_and_it_is_said_why(context: Context, dataset: DatasetId, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, refused in (("generation", NoPiecesForTask), ("summarisation", NoPiecesOfSummaries)):
        monkeypatch.setattr("core.actions.template.task_of", lambda *_, name=name: name)
        with pytest.raises(refused):
            perform(context, "split-documents", {"dataset": dataset, "max_length": 64})
        monkeypatch.setattr("core.actions.template.shape_of", lambda reference: replace(shape_of(reference), context=64))
        advice = perform(context, "template-report", {"dataset": dataset, "max_length": 64}).advice
        assert advice.key == {"generation": "template.split_written", "summarisation": "template.split_summaries"}[name]


def test_another_owners_dataset_answers_as_if_it_did_not_exist(context: Context, dataset: DatasetId) -> None:
    stranger = Context(context.workshop, OwnerId("mallory"))
    for verb in ("layout", "set-layout", "show-example", "template-report", "split-documents"):
        assert request_for(all_actions()[verb], all_actions()[verb].example)
        with pytest.raises(NotFound):
            perform(stranger, verb, {"dataset": dataset})


def test_the_web_process_loads_no_tokenizer_for_it() -> None:
    import subprocess
    import sys

    heavy = {"torch", "transformers", "tokenizers", "jinja2.sandbox"}
    code = f"import core.actions.template, core.actions.documents, sys; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_weight_of_the_data_decides_what_is_learned(tmp_path: Path) -> None:
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "a"}, {"role": "assistant", "content": "no", "weight": 0},
        {"role": "user", "content": "b"}, {"role": "assistant", "content": "yes", "weight": 1},
    ]  # fmt: skip
    tokenizer = load_tokenizer(starter())
    kept = [turn.model_dump() for turn in task("generation").training_turns([Turn.model_validate(turn) for turn in json.loads(json.dumps(turns))])]
    encoded = encode(tokenizer, kept, 512, Layout(learned_turns="weighted"))
    assert tokenizer.decode([token for token, own in zip(encoded.input_ids, encoded.learned, strict=True) if own]) == "yes<|end|>"
