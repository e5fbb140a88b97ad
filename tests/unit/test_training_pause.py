"""A training that is paused goes on as if nothing had been, wherever it was paused; and it keeps what it is asked to keep."""

import json

import pytest

from core.jobs.events import Advice, Best
from core.jobs.handle import STOP_FILE, ChildJob, JobPaused, JobStopped
from core.training.job import main
from core.training.keeping import Best as Standing
from core.training.keeping import kept_model, last_checkpoint
from core.training.settings import TrainSettings
from storage.files import Manifest, size_bytes
from tests.unit.training_bench import curve, job_in, recipe, run_folder, said, tiny_model

DROPS = {"method": "lora", "method_options": {"r": 4, "lora_dropout": 0.2}}


class PausedAt(ChildJob):
    """Is asked to pause for ever from the `at`-th time on that it looks; it looks between all layers, forwards and backwards."""

    def __init__(self, folder, spec, at):
        self.left = at
        super().__init__(folder, spec)

    def pause_requested(self):
        self.left -= 1
        return self.left < 0 and not self.stop_requested()


def paused_at(folder, at):
    job = job_in(folder)
    job.close()
    return PausedAt(folder, job.spec, at)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def chosen():
    return recipe(num_train_epochs=3, evaluations=6, early_stopping_patience=99, **DROPS)


@pytest.fixture(scope="module")
def whole(base, chosen, tmp_path_factory):
    folder = run_folder(tmp_path_factory.mktemp("whole") / "r", base, chosen)
    main(job_in(folder))
    return folder


@pytest.mark.parametrize("first", [23, 61])
def test_wherever_it_is_paused_it_ends_as_one_that_never_was(base, chosen, whole, tmp_path, first):
    """Twice, the second time right after it went on."""
    folder = run_folder(tmp_path / "r", base, chosen)
    for at in (first, 31):
        with pytest.raises(JobPaused):
            main(paused_at(folder, at))
        assert kept_model(folder) is None or Manifest.check(folder / "model") == []
        run_folder(folder, base, chosen, resume=True)
    main(job_in(folder))
    expected, found = curve(whole, "eval_loss"), curve(folder, "eval_loss")
    assert set(found) == set(expected)
    assert all(found[step] == pytest.approx(expected[step], abs=1e-6) for step in expected)
    best = [[event for event in said(one) if isinstance(event, Best)][-1] for one in (whole, folder)]
    assert best[0].step == best[1].step


def test_an_evaluation_that_a_pause_called_off_is_made_up_for(base, tmp_path):
    """Nothing but evaluations look so often: five rows of validation in five batches would not, so the call that lies in one is searched for."""
    chosen = recipe(num_train_epochs=1, evaluations=6, early_stopping_patience=99)
    unasked = False
    for at in range(20, 44):
        folder = run_folder(tmp_path / str(at), base, chosen)
        with pytest.raises(JobPaused):
            main(paused_at(folder, at))
        checkpoint = last_checkpoint(folder)
        if checkpoint is None or not json.loads((checkpoint / "bottega-state.json").read_text())["unasked"]:
            continue
        unasked = True
        run_folder(folder, base, chosen, resume=True)
        main(job_in(folder))
        assert set(curve(folder, "eval_loss")) == set(range(1, 7))
        break
    assert unasked


def test_a_pause_keeps_the_newest_weights_where_none_were_checked_yet(base, tmp_path):
    """So that a stop while it is paused has something to keep."""
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=9, evaluations=1))
    with pytest.raises(JobPaused):
        main(paused_at(folder, 60))
    assert kept_model(folder) is not None
    assert last_checkpoint(folder) is not None


def test_a_stop_that_comes_with_a_pause_is_a_stop(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(num_train_epochs=9, evaluations=1))
    job = paused_at(folder, 60)
    (folder / STOP_FILE).touch()
    with pytest.raises(JobStopped) as ended:
        main(job)
    assert type(ended.value) is JobStopped


def test_the_best_is_kept_by_whole_answers_where_the_recipe_says_so(base, tmp_path):
    chosen = recipe(num_train_epochs=12, evaluations=18, early_stopping_patience=99, metric_for_best_model="eval_accuracy", learning_rate=1e-2)
    folder = run_folder(tmp_path / "r", base, chosen)
    main(job_in(folder))
    right, losses = curve(folder, "eval_accuracy"), curve(folder, "eval_loss")
    best = [event for event in said(folder) if isinstance(event, Best)][-1]
    most = max(right.values())
    assert right[best.step] == most
    assert losses[best.step] == min(loss for step, loss in losses.items() if right[step] == most)


def test_of_texts_the_best_is_kept_by_right_word_pieces(base, tmp_path):
    folder = run_folder(tmp_path / "r", base, recipe(task="generation", num_train_epochs=2, metric_for_best_model="eval_token_accuracy"))
    main(job_in(folder))
    right = curve(folder, "eval_token_accuracy")
    best = [event for event in said(folder) if isinstance(event, Best)][-1]
    assert right[best.step] == max(right.values())
    assert all(0 <= share <= 1 for share in right.values())


@pytest.mark.parametrize(("score", "loss", "beaten"), [(0.5, 9.0, True), (0.4, 0.9, True), (0.4, 1.0, False), (0.3, 0.1, False)])
def test_equal_scores_are_told_apart_by_the_loss(score, loss, beaten):
    assert Standing(3, 1.0, 0, 0.4).is_beaten_by(loss, score) is beaten


def test_checkpoints_stay_within_their_limit_and_it_is_said_where_none_fits(base, tmp_path):
    def trained(name, limit):
        folder = run_folder(tmp_path / name, base, recipe(num_train_epochs=4, evaluations=12, early_stopping_patience=99))
        spec = job_in(folder).spec
        settings = TrainSettings.model_validate(spec.settings).model_copy(update={"checkpoint_bytes": limit})
        changed = spec.model_copy(update={"settings": settings.model_dump(mode="json")})
        with pytest.raises(JobPaused):
            main(PausedAt(folder, changed, 150))
        return folder

    free = trained("free", None)
    kept = size_bytes(free / "checkpoints")
    tight = trained("tight", int(kept * 0.7))
    assert last_checkpoint(tight) is not None
    assert size_bytes(tight / "checkpoints") <= 0.7 * kept
    none = trained("none", 10)
    notes = [event for event in said(none) if isinstance(event, Advice) and event.key == "training.no_checkpoint"]
    assert len(notes) == 1
    assert len(list((none / "checkpoints").glob("checkpoint-*"))) == 1  # the pause's own
