"""Curves beyond the page: side by side, as a table, as TensorBoard reads them; and who may see them."""

import csv
import struct
from pathlib import Path

import pytest

from core.actions.curves import NoEventFile
from core.actions.pins import NothingToPin
from core.actions.registry import Context, perform
from core.errors import NotFound
from core.home import Home
from core.training.eventfile import EventFile, crc32c, event_file
from core.training.pinned import Pin, PinnedLog
from core.training.recipe import Recipe
from core.workshop import Workshop
from storage.rows import OwnerId
from tests.unit.curves_bench import project_in, run_with


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with Workshop.open(Home(tmp_path_factory.mktemp("curves") / "home").prepare()) as opened:
        yield opened


def test_runs_side_by_side_tell_the_better_one_and_what_their_recipes_differ_in(workshop):
    context, project = project_in(workshop)
    first, _ = run_with(workshop, project, "first", [2.0, 1.5, 1.9], num_train_epochs=24)
    second, _ = run_with(workshop, project, "second", [1.8, 1.2], num_train_epochs=3, method="lora", method_options={"r": 4})
    found = perform(context, "compare-runs", {"project": project, "runs": [second.id, first.id]})
    assert [one.run.name for one in found.runs] == ["first", "second"], "in the order in which they were made"
    assert [(one.best_step, one.best_loss) for one in found.runs] == [(20, 1.5), (20, 1.2)]
    assert found.best == second.id
    assert found.same_rows
    assert found.same_measure
    assert {one.field: one.values for one in found.differences} == {"method": ("full", "lora"), "num_train_epochs": (24.0, 3.0), "r": (None, 4)}
    assert {series.name for one in found.runs for series in one.curves} == {"loss", "eval_loss"}


def test_runs_that_were_checked_by_other_rows_are_said_to_be_so(workshop):
    context, project = project_in(workshop)
    run_with(workshop, project, "first", [2.0])
    run_with(workshop, project, "second", [1.0], split="another")
    assert not perform(context, "compare-runs", {"project": project}).same_rows


def test_a_head_and_words_count_a_wrong_answer_differently_and_are_said_to(workshop):
    context, project = project_in(workshop)
    run_with(workshop, project, "words", [0.3])
    run_with(workshop, project, "head", [1.1], head="classification")
    found = perform(context, "compare-runs", {"project": project})
    assert found.same_rows
    assert not found.same_measure


def test_a_run_of_another_project_is_not_compared(workshop):
    context, project = project_in(workshop)
    stranger, _ = run_with(workshop, project, "first", [2.0])
    _, other = project_in(workshop)
    with pytest.raises(NotFound):
        perform(context, "compare-runs", {"project": other, "runs": [stranger.id]})


@pytest.mark.parametrize("verb", ["pinned-answers", "pin-others", "run-log", "download-tensorboard"])
def test_another_owners_run_answers_as_if_it_did_not_exist(workshop, verb):
    _, project = project_in(workshop)
    run, _ = run_with(workshop, project, "mine", [2.0])
    with pytest.raises(NotFound):
        perform(Context(workshop, OwnerId("somebody")), verb, {"run": run.id})
    with pytest.raises(NotFound):
        perform(Context(workshop, OwnerId("somebody")), "download-curves", {"runs": [run.id]})


def test_the_table_holds_every_point_and_no_formula(workshop):
    context, project = project_in(workshop)
    first, _ = run_with(workshop, project, "=1+1", [2.0, 1.5])
    second, _ = run_with(workshop, project, "second", [1.0])
    found = perform(context, "download-curves", {"runs": [first.id, second.id]})
    with Path(found.path).open(encoding="utf-8-sig", newline="") as file:
        rows = [tuple(row) for row in csv.reader(file)]
    assert rows == [
        ("run", "step", "eval_loss", "loss"),
        ("'=1+1", "1", "", "3.0"), ("'=1+1", "10", "2.0", ""), ("'=1+1", "20", "1.5", ""),
        ("second", "1", "", "3.0"), ("second", "10", "1.0", ""),
    ]  # fmt: skip


def test_an_ended_run_shows_its_answers_and_takes_no_other_questions(workshop):
    context, project = project_in(workshop)
    run, folder = run_with(workshop, project, "ended", [2.0])
    PinnedLog(folder).write([Pin("where is it?", "delivery")], 10, [("refund", 0.0)])
    view = perform(context, "pinned-answers", {"run": run.id})
    assert [(one.question, one.answers[0].text) for one in view.questions] == [("where is it?", "refund")]
    assert not view.changeable
    with pytest.raises(NothingToPin):
        perform(context, "pin-others", {"run": run.id})


def test_what_stands_behind_a_run_is_its_recipe_its_command_and_the_end_of_its_log(workshop):
    context, project = project_in(workshop)
    run, folder = run_with(workshop, project, "told", [2.0], num_train_epochs=3)
    (folder / "log.txt").write_text("é" * 20_000 + "\nthe last line\n", encoding="utf-8")
    told = perform(context, "run-log", {"run": run.id})
    assert told.log == "the last line\n"
    assert "num_train_epochs = 3" in told.command
    assert Recipe.from_toml(told.recipe).num_train_epochs == 3
    assert told.event_file == ""
    with pytest.raises(NoEventFile):
        perform(context, "download-tensorboard", {"run": run.id})


def scalars_in(path):
    """Read by the format's own rules; returns (step, value) and fails where a checksum does."""
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        body = data[at + 12 : at + 12 + length]
        for checked, place in ((data[at : at + 8], at + 8), (body, at + 12 + length)):
            value = crc32c(checked)
            assert struct.unpack_from("<I", data, place)[0] == (((value >> 15) | (value << 17)) + 0xA282EAD8) & 0xFFFFFFFF
        at += 16 + length
        if body[9] == 0x10:  # a step: the first record has none
            place, step, shift = 10, 0, 0
            while True:
                step |= (body[place] & 0x7F) << shift
                shift, place = shift + 7, place + 1
                if not body[place - 1] & 0x80:
                    break
            found.append((step, struct.unpack("<f", body[-4:])[0]))
    return found


def test_the_checksum_is_that_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA  # RFC 3720, B.4


def test_an_attempt_that_goes_on_writes_after_the_last_whole_record(tmp_path):
    file = EventFile(tmp_path)
    file.scalar("loss", 1, 0.5)
    file.scalar("loss", 300, 0.25)
    file.close()
    path = event_file(tmp_path)
    path.write_bytes(path.read_bytes()[:-3])
    again = EventFile(tmp_path)
    again.scalar("loss", 301, 0.125)
    again.close()
    assert scalars_in(path) == [(1, 0.5), (301, 0.125)]
