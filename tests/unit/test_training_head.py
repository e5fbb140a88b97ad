"""A head for categories on real tiny models: learned, kept, resumed, merged and asked with every kind of method; refused where it has no meaning."""

import numpy
import pytest
import torch

from core.inference.base import Options, load
from core.jobs.events import Best, MetricPoint
from core.methods.base import method
from core.models.head import Head, head_of, put_head
from core.models.load import load_base, load_model, load_tokenizer
from core.tasks.base import Constraint, Turn, task
from core.training.encoding import TrainingRow, check_rows, encode_rows, read_rows
from core.training.head import MoreCategoriesThanTokens, check_head, labels_of
from core.training.job import main
from core.training.keeping import kept_model
from core.training.recipe import BadRecipe
from core.training.settings import ROWS_FILE
from core.training.starting import go_on_from
from storage.rows import Part
from tests.unit.test_training_job import watched
from tests.unit.training_bench import curve, job_in, recipe, rows, run_folder, said, tiny_model

LABELS = ("card_arrival", "lost_card", "pin_blocked")
METHODS = {
    "full": {}, "lora": {"method": "lora", "method_options": {"r": 4}}, "qlora": {"method": "qlora", "method_options": {"r": 4}},
    "bottleneck": {"method": "bottleneck", "method_options": {"reduction_factor": 4}},
}  # fmt: skip


def headed(**changes):
    return recipe(**{"head": "classification", "num_train_epochs": 8, "learning_rate": 1e-2, "evaluations": 4, **changes})


def trained(folder, base, **changes):
    run_folder(folder, base, headed(**changes), rows(60, labels=LABELS))
    main(job_in(folder))
    return kept_model(folder)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def full(base, tmp_path_factory):
    return trained(tmp_path_factory.mktemp("run") / "r", base)


def question(text):
    return [Turn(role="user", content=text)]


def right(reference, part):
    asked = [row for row in read_rows(reference.folder.parent / ROWS_FILE) if row.part is part]
    answers = load(reference, 1).generate([row.turns[:1] for row in asked], Options())
    return sum(task("classification").restore(answer, LABELS) == row.answer for answer, row in zip(answers, asked, strict=True)) / len(asked)


@pytest.mark.parametrize("way", ["full", "lora", pytest.param("qlora", marks=pytest.mark.long), "bottleneck"])
def test_with_every_kind_of_method_it_learns_and_is_asked_as_it_was_trained(way, base, full, tmp_path):
    kept = full if way == "full" else trained(tmp_path / "r", base, **METHODS[way])
    folder = kept.folder.parent
    losses, best = curve(folder, "eval_loss"), [event for event in said(folder) if isinstance(event, Best)][-1]
    assert min(losses.values()) < losses[min(losses)]
    assert kept.has_head
    assert right(kept, Part.VALIDATION) == pytest.approx(curve(folder, "eval_accuracy")[best.step])


def test_it_learns_what_stands_in_the_texts(full):
    assert right(full, Part.TRAIN) > 0.8


@pytest.mark.parametrize("architecture", ["gemma3", "gpt2", *(pytest.param(name, marks=pytest.mark.long) for name in ("qwen3", "granite"))])
def test_it_stands_on_tied_and_untied_models_of_other_families(architecture, tmp_path):
    kept = trained(tmp_path / "r", tiny_model(tmp_path / "tiny", architecture), num_train_epochs=2)
    assert load_model(kept).get_output_embeddings().labels == ("card arrival", "lost card", "pin blocked")


def test_the_kept_folder_is_a_whole_model_with_its_own_words_and_the_head_beside_it(full):
    words = load_base(full.folder)
    assert words.get_output_embeddings().weight.shape[0] == 300
    assert {"head.json", "head.safetensors", "model.safetensors", "bottega.json"} <= {file.name for file in full.folder.iterdir()}
    assert head_of(words) is None
    assert "score.weight" not in words.state_dict()


def test_the_loss_is_the_cross_entropy_over_the_categories(full):
    """Of the kept model on the validation rows, computed by torch from logits of single rows: what the training said of its best step."""
    model, tokenizer = load_model(full), load_tokenizer(full.folder)
    asked = [row for row in check_rows(read_rows(full.folder.parent / ROWS_FILE), "classification") if row.part == "validation"]
    encoded = encode_rows(
        check_rows(read_rows(full.folder.parent / ROWS_FILE), "classification"), task("classification"), tokenizer, 128, labels=head_of(model).labels
    )
    assert len(encoded.validation) == len(asked)
    losses = []
    for example in encoded.validation:
        ids, label = torch.from_numpy(example.ids[None, :-1]), torch.from_numpy(example.ids[-1:])
        with torch.no_grad():
            losses.append(float(torch.nn.functional.cross_entropy(model(input_ids=ids).logits[:, -1], label)))
    best = [event for event in said(full.folder.parent) if isinstance(event, Best)][-1]
    assert numpy.mean(losses) == pytest.approx(best.value, abs=1e-5)


@pytest.mark.parametrize("way", ["full", "lora", pytest.param("bottleneck", marks=pytest.mark.long)])
def test_a_resumed_run_equals_one_that_was_never_interrupted(way, base, tmp_path):
    chosen = headed(num_train_epochs=3, evaluations=9, early_stopping_patience=99, **METHODS[way])
    whole, torn = (run_folder(tmp_path / name, base, chosen) for name in ("whole", "torn"))
    main(job_in(whole))

    def kill(event):
        if isinstance(event, MetricPoint) and event.name == "eval_loss" and event.step >= 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        main(watched(torn, kill))
    run_folder(torn, base, chosen, resume=True)
    main(job_in(torn))
    expected, found = curve(whole, "eval_loss"), curve(torn, "eval_loss")
    assert set(expected) == set(found)
    assert all(found[step] == pytest.approx(expected[step], abs=1e-6) for step in expected)


def test_an_answer_comes_with_its_probability_and_keeps_to_the_choices(full):
    backend = load(full, 1)
    stream = backend.stream(question("of lost_card 7"), Options())
    text = next(stream)
    with pytest.raises(StopIteration) as ended:
        next(stream)
    chances = ended.value.value
    assert chances[0].label == text
    shares = [chance.share for chance in chances]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    other = Constraint(choices=tuple(label for label in backend.labels if label != text))
    assert backend.generate([question("of lost_card 7")], Options(constraint=other))[0] in other.choices


def test_going_on_takes_up_the_categories_that_were_known_and_starts_new_ones(base, full):
    model = load_base(base.folder)
    head = put_head(model, ("card arrival", "new one", "pin blocked"))
    start = head.weight.detach().clone()
    go_on_from(model, method("full"), full.folder)
    known = head_of(load_model(full)).weight
    assert torch.equal(head.weight[[0, 2]], known[[0, 2]])
    assert torch.equal(head.weight[1], start[1])
    assert model.get_output_embeddings() is head
    words = Head(("a",), model.get_input_embeddings())
    words.go_on(base.folder)
    assert words.weight.shape == (1, 32)


def test_losses_that_look_at_the_categories_work_on_the_head_too(base, tmp_path):
    for loss in ("focal", "contrastive"):
        kept = trained(tmp_path / loss, base, loss=loss, num_train_epochs=1)
        assert kept.has_head


def test_validation_rows_of_a_category_that_nothing_was_learned_of_are_left_out(base):
    data = check_rows(_training_rows(["a", "b", "a", "b"]) + _training_rows(["c", "a"], "validation"), "classification")
    encoded = encode_rows(data, task("classification"), load_tokenizer(base.folder), 64, labels=("a", "b"))
    assert (len(encoded.train), len(encoded.validation)) == (4, 1)
    assert [int(example.ids[-1]) for example in encoded.train] == [0, 1, 0, 1]
    assert all(example.learned.sum() == 1 for example in encoded.train)


def _training_rows(answers, part="train"):
    return [TrainingRow(Part(part), (Turn(role="user", content="x"), Turn(role="assistant", content=answer)), answer) for answer in answers]


def test_where_it_has_no_meaning_it_is_refused_by_name():
    check_head(headed())
    for changes, field in (
        ({"task": "generation"}, "head"),
        ({"loss": "kl"}, "loss"),
        ({"method": "lora", "method_options": {"modules_to_save": ["lm_head"]}}, "modules_to_save"),
    ):
        with pytest.raises(BadRecipe, match=field):
            check_head(headed(**changes))


def test_more_categories_than_the_model_has_tokens_are_refused():
    with pytest.raises(MoreCategoriesThanTokens, match="301"):
        labels_of(task("classification"), [f"label {number}" for number in range(301)], 300)
