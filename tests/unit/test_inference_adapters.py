"""Several adapters on one base: each answers as it would alone, the base stays as it was, and one process holds them all."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core.inference.hosting import hosted
from core.inference.pool import Inference
from core.inference.shared import Adapters
from core.methods.base import method
from core.models.head import head_of, put_head, take_head_off
from core.models.load import ModelIncomplete, load_base, load_model
from core.models.reference import ModelReference
from core.tasks.base import Constraint, Turn
from tests.unit.methods_bench import SETTINGS, logits, opened
from tests.unit.training_bench import tiny_model

ASKED = [Turn(role="user", content="Where is my card?")]
LONG = Constraint(regex="[a-z]{300,}")
LABELS = ("card arrival", "lost card", "pin blocked")
QUICK = frozenset({"lora", "pissa-dora", "houlsby", "ia3", "vera", "adalora"})
SHARED = [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name, (kind, _) in SETTINGS.items() if method(kind).shares_base]


def adapter(base: ModelReference, folder: Path, setting: str, *, seed: int = 1, labels: tuple[str, ...] = ()) -> ModelReference:
    """Kept as a training keeps it; its numbers are random, so that it answers differently from its base."""
    name, options = SETTINGS[setting]
    chosen, model = opened(base.folder, name, options)
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad and weight.is_floating_point():
                weight.add_(0.2 * torch.randn_like(weight))
    folder.mkdir(parents=True)
    chosen.save(model, folder)
    if labels:
        put_head(model, labels).save(folder)
    kept = ModelReference(name=folder.name, folder=folder, base=base.folder, method=name)
    kept.save()
    return kept


def alone(reference: ModelReference) -> torch.Tensor:
    """As the method itself puts it onto a base of its own."""
    return logits(method(reference.method).load(load_base(reference.base or reference.folder), reference.folder))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelReference:
    return tiny_model(tmp_path_factory.mktemp("model") / "tiny", max_position_embeddings=4096)


@pytest.mark.parametrize("setting", SHARED)
def test_each_kind_answers_as_alone_and_leaves_the_base_as_it_was(setting: str, base: ModelReference, tmp_path: Path) -> None:
    model = load_base(base.folder)
    untouched, names = logits(model), [name for name, _ in model.named_parameters()]
    first, second = (adapter(base, tmp_path / str(seed), setting, seed=seed) for seed in (1, 2))
    other = adapter(base, tmp_path / "other", "lora" if setting != "lora" else "pfeiffer")
    adapters, expected = Adapters(model), {one.folder: alone(one) for one in (first, second, other)}
    for wanted in (first, second, None, first, other, None, second):
        adapters.use(wanted)
        assert torch.allclose(logits(model), untouched if wanted is None else expected[wanted.folder], atol=1e-5), wanted
    assert not torch.allclose(expected[first.folder], expected[second.folder], atol=1e-3)
    adapters.use(other)
    adapters._lift()
    assert torch.equal(logits(model), untouched)
    assert [name for name, _ in model.named_parameters()] == names


def test_a_head_stands_on_the_base_only_while_its_adapter_is_at_work(base: ModelReference, tmp_path: Path) -> None:
    model = load_base(base.folder)
    untouched = logits(model)
    sorting, writing = adapter(base, tmp_path / "sorting", "lora", labels=LABELS), adapter(base, tmp_path / "writing", "lora", seed=2)
    adapters = Adapters(model)
    for _ in range(2):
        adapters.use(sorting)
        assert logits(model).shape[-1] == len(LABELS)
        assert torch.allclose(logits(model), logits(load_model(sorting)), atol=1e-5)
        adapters.use(writing)
        assert torch.allclose(logits(model), alone(writing), atol=1e-5)
    adapters.use(None)
    take_head_off(model)
    assert head_of(model) is None
    assert torch.allclose(logits(model), untouched, atol=1e-6)


def test_an_adapter_that_was_trained_further_is_read_anew(base: ModelReference, tmp_path: Path) -> None:
    model, kept = load_base(base.folder), adapter(base, tmp_path / "a", "lora")
    adapters = Adapters(model)
    adapters.use(kept)
    before = logits(model)
    further = adapter(base, tmp_path / "b", "lora", seed=5)
    kept.folder.rename(tmp_path / "old")
    further.folder.rename(kept.folder)
    adapters.use(kept)
    assert not torch.allclose(logits(model), before, atol=1e-3)


def test_more_adapters_than_are_kept_come_back_when_they_are_wanted(base: ModelReference, tmp_path: Path) -> None:
    model = load_base(base.folder)
    many = [adapter(base, tmp_path / str(seed), "lora", seed=seed) for seed in range(10)]
    adapters = Adapters(model)
    for kept in (*many, many[0], many[9]):
        adapters.use(kept)
        assert torch.allclose(logits(model), alone(kept), atol=1e-5)
    assert len(adapters._names) <= 8


def test_a_whole_model_and_a_package_are_their_own_hosts(base: ModelReference, tmp_path: Path) -> None:
    kept = adapter(base, tmp_path / "a", "lora")
    assert hosted(base) == (base, None)
    assert hosted(kept) == (ModelReference(name=base.folder.name, folder=base.folder), kept)


@pytest.fixture(scope="module")
def pool() -> Iterator[Inference]:
    inference = Inference(threads=1)
    yield inference
    inference.close()


def test_base_and_adapters_of_several_tasks_answer_from_one_process(pool: Inference, base: ModelReference, tmp_path: Path) -> None:
    """Whole answers are those of merged models; two that are asked together grow together; switching back takes no new load."""
    sorting, writing = adapter(base, tmp_path / "sorting", "lora", labels=LABELS), adapter(base, tmp_path / "writing", "lora", seed=2)
    first, second = pool.stream(base, ASKED, max_new_tokens=300, constraint=LONG), pool.stream(writing, ASKED, max_new_tokens=300, constraint=LONG)
    together = [[next(stream) for stream in (first, second)] for _ in range(3)]
    assert all(all(pair) for pair in together)
    first.close()
    second.close()
    assert pool.answer(sorting, ASKED) in LABELS
    assert len(pool.loaded()) == 1
    alone_pool = Inference(threads=1)
    try:
        whole = load_model(writing)
        whole.save_pretrained(tmp_path / "whole")
        for file in base.folder.glob("*token*"):
            (tmp_path / "whole" / file.name).write_bytes(file.read_bytes())
        (tmp_path / "whole" / "chat_template.jinja").write_bytes((base.folder / "chat_template.jinja").read_bytes())
        merged = ModelReference(name="whole", folder=tmp_path / "whole")
        assert pool.answer(writing, ASKED, max_new_tokens=20, constraint=LONG) == alone_pool.answer(merged, ASKED, max_new_tokens=20, constraint=LONG)
    finally:
        alone_pool.close()


def test_a_missing_adapter_is_told_and_the_base_answers_on(pool: Inference, base: ModelReference, tmp_path: Path) -> None:
    kept = adapter(base, tmp_path / "a", "lora")
    (kept.folder / "adapter_model.safetensors").unlink()
    with pytest.raises(ModelIncomplete, match="weights"):
        pool.answer(kept, ASKED, max_new_tokens=1)
    assert pool.answer(base, ASKED, constraint=Constraint(choices=("yes",))) == "yes"
