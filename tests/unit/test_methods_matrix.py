"""Every method on tiny models of every family: it learns, what is kept answers as what was trained, and merging changes nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core.inference.base import load as answering
from core.methods.base import CannotBeOneModel, Merge, MethodCannotTakeModel, method, methods
from core.models.load import load_base, load_model
from core.models.reference import Backend, ModelReference
from core.tasks.base import Turn
from core.training.layout import TOLERANCE, choose
from tests.unit.methods_bench import FAMILIES, SETTINGS, UNFIT, examples, logits, opened, trained
from tests.unit.training_bench import job_in, rows, run_folder, said, tiny_model

# Each family with each of these, and each setting with two families in turn; the rest of the product is `long`.
EVERYWHERE = ("full", "lora", "dora", "qlora", "pfeiffer")
MERGED = 1e-4  # largest logit difference, fp32


def pairs() -> Iterator[tuple[str, str]]:
    for number, setting in enumerate(SETTINGS):
        for at, family in enumerate(FAMILIES):
            yield family, setting if setting in EVERYWHERE or at in (number % 7, (number * 3 + 1) % 7) else ""


COVER = [(family, setting) for family, setting in pairs() if setting]
REST = [(family, setting) for setting in SETTINGS for family in FAMILIES if (family, setting) not in COVER]


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    places = tmp_path_factory.mktemp("families")
    return {family: tiny_model(places / family, family).folder for family in FAMILIES}


@pytest.mark.parametrize(("family", "setting"), COVER)
def test_what_a_method_learned_is_kept_and_put_together_exactly(bases: dict[str, Path], tmp_path: Path, family: str, setting: str) -> None:
    learns_is_kept_and_put_together(bases[family], tmp_path, family, setting)


@pytest.mark.long
@pytest.mark.parametrize(("family", "setting"), REST)
def test_what_every_method_learned_is_kept_and_put_together_exactly(bases: dict[str, Path], tmp_path: Path, family: str, setting: str) -> None:
    learns_is_kept_and_put_together(bases[family], tmp_path, family, setting)


def learns_is_kept_and_put_together(base: Path, folder: Path, family: str, setting: str) -> None:
    name, options = SETTINGS[setting]
    if (family, setting) in UNFIT:
        with pytest.raises(MethodCannotTakeModel, match=method(name).label):
            opened(base, name, options)
        return
    found = trained(base, setting)
    assert min(found.losses[-3:]) < found.losses[0]
    assert found.difference is None or found.difference <= TOLERANCE or not found.is_flat
    expected, before = logits(found.model), logits(load_base(base))
    assert (expected - before).abs().max() > 1e-3
    after = choose(found.model, examples())  # at the start much of a gradient is zero
    assert after.is_flat == found.is_flat
    found.model.set_attn_implementation("sdpa")

    found.chosen.save(found.model, folder)
    assert not [file.name for file in folder.iterdir() if file.suffix in (".bin", ".pt")]
    packed = found.chosen.quantization(found.chosen.Options.model_validate(options))
    assert (logits(found.chosen.load(load_base(base, quantization=packed), folder)) - expected).abs().max() <= 1e-5
    if found.chosen.merge is Merge.NEVER:
        with pytest.raises(CannotBeOneModel):
            found.chosen.merged(load_base(base), folder)
        return
    beside = expected if packed is None else logits(found.chosen.load(load_base(base), folder))
    merged = found.chosen.merged(load_base(base), folder)
    assert (logits(merged) - beside).abs().max() <= MERGED
    assert not [path for path, module in merged.named_modules() if type(module).__module__.startswith("peft")]


@pytest.mark.parametrize("evaluated", [False, True])
def test_the_gradients_of_packed_weights_are_those_of_the_same_weights_unpacked(bases: dict[str, Path], evaluated: bool) -> None:
    """On CPUs with AVX512-BF16 a forward in eval mode would spoil them (core/methods/qlora.py); cosine of each layer's own gradient."""
    import bitsandbytes

    from core.training.batches import padded
    from core.training.loss import logits_of, token_losses

    _, packed = opened(bases["qwen3"], "qlora", {"r": 4})
    _, plain = opened(bases["qwen3"], "lora", {"r": 4})
    layers = dict(plain.named_modules())
    for path, module in packed.named_modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            assert not module.support_avx512bf16_for_cpu
            layers[path].weight.data = bitsandbytes.functional.dequantize_4bit(module.weight.data, module.weight.quant_state).float()
    torch.manual_seed(1)
    learned = {name: torch.randn_like(value) * 0.05 for name, value in plain.state_dict().items() if "lora_" in name}
    batch, found = padded(examples()), []
    for model in (packed, plain):
        model.load_state_dict(learned, strict=False)
        if evaluated:
            model.eval()
            logits(model)
        model.train()
        token_losses(logits_of(model, batch), batch.targets)[0].backward()
        found.append({name: weight.grad.flatten() for name, weight in model.named_parameters() if weight.grad is not None})
    assert found[0].keys() == found[1].keys()
    assert len(found[0]) == 2 * 2 * 7
    for name, expected in found[1].items():
        assert torch.nn.functional.cosine_similarity(found[0][name], expected, dim=0) >= 0.999, name


def test_a_packed_base_is_never_what_is_merged(bases: dict[str, Path], tmp_path: Path) -> None:
    found = trained(bases["llama"], "qlora")
    found.chosen.save(found.model, tmp_path)
    merged = load_model(ModelReference(name="tuned", folder=tmp_path, base=bases["llama"], method="qlora"))
    assert {weight.dtype for weight in merged.parameters()} == {torch.float32}
    merged.save_pretrained(tmp_path / "whole")
    assert torch.equal(logits(load_base_of(tmp_path / "whole", bases["llama"])), logits(merged))


@pytest.mark.parametrize("part", ["embed_tokens", "lm_head"])
def test_embeddings_learned_whole_survive_merging_and_saving_where_both_ends_were_tied(bases: dict[str, Path], tmp_path: Path, part: str) -> None:
    chosen, model = opened(bases["llama"], "lora", {"r": 4, "modules_to_save": [part]})
    with torch.no_grad():
        for weight in model.parameters():
            if weight.requires_grad:
                weight.add_(0.05 * torch.randn_like(weight))
    expected = logits(model.eval())
    chosen.save(model, tmp_path / "adapter")
    merged = chosen.merged(load_base(bases["llama"]), tmp_path / "adapter")
    assert (logits(merged) - expected).abs().max() <= MERGED
    merged.save_pretrained(tmp_path / "whole")
    assert (logits(load_base_of(tmp_path / "whole", bases["llama"])) - expected).abs().max() <= MERGED


def test_a_start_taken_out_of_the_base_is_kept_as_a_plain_lora_of_twice_the_rank(bases: dict[str, Path], tmp_path: Path) -> None:
    found = trained(bases["llama"], "pissa-rslora")
    found.chosen.save(found.model, tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["r"], config["init_lora_weights"], config["use_rslora"]) == (8, True, False)


def test_bottlenecks_lie_in_a_folder_as_peft_writes_one_and_start_as_if_they_were_not_there(bases: dict[str, Path], tmp_path: Path) -> None:
    chosen, model = opened(bases["qwen3"], "bottleneck", {"kind": "houlsby", "reduction_factor": 4})
    assert torch.equal(logits(model), logits(load_base(bases["qwen3"])))
    chosen.save(model, tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert (config["peft_type"], config["kind"], config["bottleneck_size"], config["reduction_factor"]) == ("BOTTLENECK", "houlsby", 8, 4)
    assert sum(weight.numel() for weight in model.parameters() if weight.requires_grad) == 2 * 2 * (2 * 8 * 32 + 8 + 32)


@pytest.mark.parametrize("setting", [name for name in SETTINGS if name not in ("full", "lokr", "fourierft", "ia3")])
def test_the_estimate_knows_about_how_many_weights_learn(tmp_path: Path, setting: str) -> None:
    """Within a factor of two, on a model with the usual proportions; what is left out has layers of sizes that tiny models do not have."""
    from core.models.fit import trainable
    from core.models.installed import shape_of

    base = tiny_model(tmp_path, "llama", hidden_size=64, intermediate_size=192, num_key_value_heads=4)
    name, options = SETTINGS[setting]
    _, model = opened(base.folder, name, options)
    counted = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    if "init_lora_weights" in options and options["init_lora_weights"] == "mica":
        counted *= 2  # half of it is frozen
    assert 0.5 <= trainable(shape_of(base), name, options) / counted <= 2


def test_packing_the_base_is_known_to_save_memory() -> None:
    from core.models.fit import memory_bytes
    from core.models.installed import Shape

    large = Shape("large", "llama", 1_200_000_000, 2048, 16, 128_000, 8192)
    taken = {name: memory_bytes(large, name, batch_tokens=512, learned_tokens=128) for name in ("full", "lora", "qlora")}
    assert taken["full"] > 2 * taken["lora"]
    assert taken["lora"] - taken["qlora"] > 0.8 * 3.5 * (1_200_000_000 - 128_000 * 2048)


@pytest.mark.parametrize("setting", ["pissa", "qlora", "houlsby", "adalora"])
def test_a_run_of_a_method_ends_with_a_model_that_answers(bases: dict[str, Path], tmp_path: Path, setting: str) -> None:
    from core.training.job import main
    from core.training.keeping import kept_model
    from tests.unit.training_bench import curve, recipe

    name, options = SETTINGS[setting]
    base = ModelReference(name="llama", folder=bases["llama"])
    chosen = recipe(method=name, method_options=dict(options), num_train_epochs=4, evaluations=4, learning_rate=method(name).rates.tiny)
    folder = run_folder(tmp_path / "run", base, chosen, rows(40))
    main(job_in(folder))
    losses = curve(folder, "eval_loss")
    assert losses[max(losses)] < losses[min(losses)]
    kept = kept_model(folder)
    assert kept is not None
    assert (logits(load_model(kept)) - logits(load_base(base.folder))).abs().max() > 1e-3
    assert not [event for event in said(folder) if event.kind == "error"]


@pytest.mark.parametrize("setting", ["pissa", "qlora", "houlsby", "adalora"])
def test_a_killed_run_of_a_method_goes_on_as_if_nothing_had_been(bases: dict[str, Path], tmp_path: Path, setting: str) -> None:
    from core.jobs.events import MetricPoint
    from core.training.job import main
    from core.training.keeping import last_checkpoint
    from tests.unit.training_bench import curve, recipe

    name, options = SETTINGS[setting]
    base = ModelReference(name="llama", folder=bases["llama"])
    chosen = recipe(method=name, method_options=dict(options), num_train_epochs=2, evaluations=4, early_stopping_patience=99)
    whole, torn = (run_folder(tmp_path / place, base, chosen, rows(40)) for place in ("whole", "torn"))
    main(job_in(whole))
    job = job_in(torn)
    emit = job.emit

    def killed(event: object) -> None:
        emit(event)
        if isinstance(event, MetricPoint) and event.name == "eval_loss" and event.step >= 4:
            raise KeyboardInterrupt

    job.emit = killed  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        main(job)
    checkpoint = last_checkpoint(torn)
    assert checkpoint is not None
    assert max(file.stat().st_size for file in checkpoint.glob("*.safetensors")) < (base.folder / "model.safetensors").stat().st_size
    main(job_in(run_folder(torn, base, chosen, resume=True)))
    expected, found = curve(whole, "eval_loss"), curve(torn, "eval_loss")
    assert expected.keys() == found.keys()
    assert all(found[step] == pytest.approx(expected[step], abs=1e-6) for step in expected)


def test_every_method_says_in_plain_words_what_it_is_for() -> None:
    assert {name for name, _ in SETTINGS.values()} == set(methods())
    assert list(methods())[:4] == ["full", "lora", "qlora", "bottleneck"]
    for one in methods().values():
        assert one.when.startswith("Take it")
        assert one.paper or one.name == "full"
        assert 0 < one.rates.large <= one.rates.tiny <= 0.1


# Each method leaves with one family in the suite, and in each of its settings with every family in the `long` tests.
BUILDABLE = tuple(family for family in FAMILIES if family != "gpt2")  # which the model builder does not know
FIRST_SETTINGS = {name: setting for setting, (name, _) in reversed(SETTINGS.items())}
LEAVES_QUICKLY = [(BUILDABLE[number % len(BUILDABLE)], setting) for number, setting in enumerate(FIRST_SETTINGS.values())]
LEAVING = [(family, setting) for setting in SETTINGS for family in BUILDABLE]


@pytest.mark.parametrize(("family", "setting"), LEAVES_QUICKLY)
def test_what_a_method_learned_leaves_as_onnx_with_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, setting: str
) -> None:
    leaves_as_onnx(tmp_path, monkeypatch, family, setting)


@pytest.mark.long
@pytest.mark.parametrize(("family", "setting"), [one for one in LEAVING if one not in LEAVES_QUICKLY])
def test_what_any_method_learned_leaves_as_onnx_with_the_same_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, family: str, setting: str
) -> None:
    leaves_as_onnx(tmp_path, monkeypatch, family, setting)


def leaves_as_onnx(place: Path, monkeypatch: pytest.MonkeyPatch, family: str, setting: str) -> None:
    from core.export import graft, merge, onnx

    monkeypatch.setenv("CI", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(place / "hub"))
    sizes = {"hidden_size": 64, "intermediate_size": 128, "bos_token_id": None, **({"head_dim": 16} if family in ("llama", "qwen3", "gemma") else {})}
    if family == "phi3":
        sizes |= {"sliding_window": None, "original_max_position_embeddings": 256, "num_key_value_heads": 4}
    base = tiny_model(place / "base", family, **sizes)
    found = trained(base.folder, setting)
    kept = place / "kept"
    kept.mkdir()
    found.chosen.save(found.model, kept)
    for file in (*base.folder.glob("token*"), *base.folder.glob("chat*")):
        (kept / file.name).write_bytes(file.read_bytes())
    name = SETTINGS[setting][0]
    tuned = ModelReference(name="tuned", folder=kept, base=None if name == "full" else base.folder, method=name)
    merge.main(merge.MergeRequest(model=tuned, output=place / "merged").model_dump())
    request = onnx.BuildRequest(merged=place / "merged", cache=place / "cache", output=place / "package", target="cpu", precision="fp32")
    onnx.main(request.model_dump())
    if method(name).has_grafts:
        graft.main(graft.GraftRequest(model=tuned, package=place / "package").model_dump())
    inside, outside = answering(tuned, 1), answering(ModelReference(name="out", folder=place / "package", backend=Backend.GENAI), 1)
    ids = inside.prompt_ids((Turn(role="user", content="Where is my card?"),))
    assert abs(inside.logits_of(ids) - outside.logits_of(ids)).max() <= MERGED


def load_base_of(folder: Path, base: Path) -> torch.nn.Module:
    """A merged folder has no tokenizer until an export puts it there."""
    for file in (*base.glob("token*"), *base.glob("chat*")):
        (folder / file.name).write_bytes(file.read_bytes())
    return load_base(folder)
