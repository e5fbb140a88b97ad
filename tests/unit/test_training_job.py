"""The training job on a real tiny model, in this process: what it keeps, says and refuses."""

import math

import pytest
import torch

from core.jobs.events import Advice, Best, MetricPoint
from core.jobs.handle import STOP_FILE, ChildJob, JobStopped
from core.models.load import load_model
from core.models.reference import ModelReference
from core.training.encoding import AllTooLong, NothingToLearn, OneCategory
from core.training.job import main
from core.training.keeping import kept_model, last_checkpoint
from storage.files import Manifest
from tests.unit.training_bench import curve, job_in, recipe, rows, run_folder, said, tiny_model


class Watched(ChildJob):
    """Calls `then` after each event: the way to do something in the middle of a run without guessing at times."""

    def __init__(self, folder, spec, then):
        self.then = then
        super().__init__(folder, spec)

    def emit(self, event):
        super().emit(event)
        self.then(event)


def watched(folder, then):
    job = job_in(folder)
    job.close()
    return Watched(folder, job.spec, then)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def finished(base, tmp_path_factory):
    folder = run_folder(tmp_path_factory.mktemp("run") / "r", base, recipe(num_train_epochs=6))
    main(job_in(folder))
    return folder


def test_the_kept_model_is_the_one_of_the_best_evaluation(finished):
    losses, best = curve(finished, "eval_loss"), [event for event in said(finished) if isinstance(event, Best)][-1]
    assert best.value == min(losses.values())
    assert losses[best.step] == best.value
    kept = kept_model(finished)
    assert kept == ModelReference(name="tuned", folder=finished / "model")
    assert Manifest.check(finished / "model") == []
    load_model(kept)


def test_it_learns_and_tells_loss_rate_norm_and_speed(finished):
    losses = curve(finished, "loss")
    assert 1 in losses
    assert losses[max(losses)] < losses[1]
    for name in ("learning_rate", "grad_norm", "tokens_per_second"):
        assert curve(finished, name)
    assert [event for event in said(finished) if event.kind == "resource"]
    shares = [event.share for event in said(finished) if event.kind == "progress" and event.message == "training"]
    assert shares == sorted(shares)


def test_the_kept_folder_is_a_plain_model_with_its_tokenizer_and_nothing_is_left_beside_it(finished):
    assert {"config.json", "model.safetensors", "tokenizer.json", "bottega.json", "manifest.json"} <= {
        file.name for file in (finished / "model").iterdir()
    }
    assert "bottega_flat" not in (finished / "model" / "config.json").read_text()
    assert not (finished / "checkpoints").exists()
    assert not [file.name for file in finished.iterdir() if file.name.startswith(".model")]


def test_a_lora_run_keeps_an_adapter_that_names_its_base(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(method="lora", method_options={"r": 4}, num_train_epochs=1))
    main(job_in(folder))
    kept = kept_model(folder)
    assert (kept.base, kept.method) == (base.folder, "lora")
    load_model(kept)


def test_a_stop_keeps_the_best_weights_until_then(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=50, evaluations=100))
    with pytest.raises(JobStopped):
        main(watched(folder, lambda event: isinstance(event, Best) and event.step >= 6 and (folder / STOP_FILE).touch()))
    assert max(curve(folder, "loss")) < 20
    assert kept_model(folder) is not None


def test_a_stop_before_the_first_evaluation_keeps_the_newest_weights_and_says_so(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=50, evaluations=1))
    with pytest.raises(JobStopped):
        main(watched(folder, lambda event: isinstance(event, MetricPoint) and event.step > 0 and (folder / STOP_FILE).touch()))
    assert kept_model(folder) is not None
    assert [event for event in said(folder) if isinstance(event, Advice) and event.key == "training.kept_unchecked"]


def test_a_run_that_gets_no_better_ends_early(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=40, evaluations=60, early_stopping_patience=2, learning_rate=0.05))
    main(job_in(folder))
    losses = curve(folder, "eval_loss")
    best = min(losses, key=lambda step: losses[step])
    assert len([step for step in losses if step > best]) <= 2
    assert max(losses) < 40 * 6


def test_a_loss_that_is_no_number_stops_the_run_within_one_step(base, tmp_path, monkeypatch):
    from core.training import trainer as training

    broken: list[int] = []
    usual = training.OurTrainer.compute_loss

    def compute_loss(self, *values, **named):
        loss = usual(self, *values, **named)
        return loss * math.nan if broken else loss

    monkeypatch.setattr(training.OurTrainer, "compute_loss", compute_loss)
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=20, evaluations=40))
    with pytest.raises(training.LossNotFinite) as caught:
        main(watched(folder, lambda event: broken.append(event.step) if isinstance(event, Best) and event.step >= 6 else None))
    assert caught.value.facts["step"] == broken[0] + 1
    assert f"The weights of step {broken[0]} are kept." in str(caught.value)
    model = load_model(kept_model(folder))
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


def test_a_resumed_run_equals_one_that_was_never_interrupted(base, tmp_path):
    """The kill is an exception that nobody catches, right after the fourth evaluation; the run goes on from a checkpoint before it."""
    chosen = recipe(num_train_epochs=5, evaluations=10, method="lora", method_options={"r": 4, "lora_dropout": 0.2}, early_stopping_patience=99)
    whole = run_folder(tmp_path / "whole", base, chosen)
    main(job_in(whole))
    torn = run_folder(tmp_path / "torn", base, chosen)

    def kill(event):
        if isinstance(event, MetricPoint) and event.name == "eval_loss" and event.step >= 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        main(watched(torn, kill))
    assert last_checkpoint(torn) is not None
    run_folder(torn, base, chosen, resume=True)
    main(job_in(torn))
    expected, found = curve(whole, "eval_loss"), curve(torn, "eval_loss")
    assert set(expected) == set(found)
    assert all(found[step] == pytest.approx(expected[step], abs=1e-6) for step in expected)


def test_a_damaged_checkpoint_is_passed_over(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=4, evaluations=8))

    def kill(event):
        if isinstance(event, MetricPoint) and event.name == "eval_loss" and event.step >= 15:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        main(watched(folder, kill))
    newest = last_checkpoint(folder)
    weights = newest / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert last_checkpoint(folder) != newest


def test_rows_without_answers_are_refused_in_a_sentence(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(), rows(10, answer=lambda number: None))
    with pytest.raises(NothingToLearn, match="None of the 8 training rows"):
        main(job_in(folder))


def test_one_category_is_nothing_to_tell_apart(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(), rows(10, labels=("apple",)))
    with pytest.raises(OneCategory, match="'apple'"):
        main(job_in(folder))


def test_long_texts_are_cut_and_counted(base, tmp_path):
    data = rows(20)
    data[0]["messages"] = data[0]["messages"].replace("of apple", "of apple " + "very long " * 60)
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=1), data)
    main(job_in(folder))
    cut = next(event for event in said(folder) if isinstance(event, Advice) and event.key == "training.cut")
    assert cut.facts["cut"] == 1
    assert cut.facts["longest"] > 600


def test_answers_that_no_cut_leaves_anything_of_are_refused(base, tmp_path, monkeypatch):
    from core.data import template

    folder = run_folder(tmp_path / "r", base, recipe(max_length=16), rows(10))
    monkeypatch.setattr(
        template, "_fitted", lambda ids, learned, limit: template.Encoded(ids[:limit], [False] * min(limit, len(ids)), len(ids) > limit)
    )
    with pytest.raises(AllTooLong):
        main(job_in(folder))


def test_a_run_without_validation_rows_keeps_its_newest_weights(base, tmp_path):
    data = [row for row in rows(20) if row["part"] == "train"]
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=2), data)
    main(job_in(folder))
    assert kept_model(folder) is not None
    assert curve(folder, "eval_loss") == {}
