"""What the tests of methods arrange: a method in a few settings, a few real steps on a tiny model, and what was kept of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import torch

from core.methods.base import Method, method
from core.models.load import load_base
from core.training.batches import flat, padded
from core.training.encoding import Learned
from core.training.layout import choose
from core.training.loss import logits_of, token_losses

IDS = torch.tensor([[7, 40, 90, 12, 200, 33, 5, 5, 61]])
FAMILIES = ("llama", "qwen2", "qwen3", "gemma", "phi3", "smollm3", "gpt2")

# A method in the settings that differ in what they do, small enough for tiny layers.
SETTINGS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "full": ("full", {}),
    "lora": ("lora", {"r": 4, "lora_alpha": 8}),
    "rslora": ("lora", {"r": 4, "lora_alpha": 4, "use_rslora": True, "lora_dropout": 0.1}),
    "dora": ("lora", {"r": 4, "use_dora": True}),
    "gaussian": ("lora", {"r": 4, "init_lora_weights": "gaussian"}),
    "pissa": ("lora", {"r": 4, "lora_alpha": 4, "init_lora_weights": "pissa"}),
    "pissa-rslora": ("lora", {"r": 4, "lora_alpha": 8, "init_lora_weights": "pissa_niter_16", "use_rslora": True}),
    "pissa-dora": ("lora", {"r": 4, "lora_alpha": 4, "init_lora_weights": "pissa", "use_dora": True}),
    "olora": ("lora", {"r": 4, "lora_alpha": 4, "init_lora_weights": "olora"}),
    "orthogonal": ("lora", {"r": 4, "init_lora_weights": "orthogonal"}),
    "mica": ("lora", {"r": 4, "init_lora_weights": "mica"}),
    "qlora": ("qlora", {"r": 4}),
    "qlora-dora": ("qlora", {"r": 4, "use_dora": True, "bnb_4bit_use_double_quant": False}),
    "pfeiffer": ("bottleneck", {"reduction_factor": 4}),
    "houlsby": ("bottleneck", {"kind": "houlsby", "reduction_factor": 8, "non_linearity": "gelu"}),
    "ia3": ("ia3", {}),
    "oft": ("oft", {"oft_block_size": 8}),
    "loha": ("loha", {"r": 4, "alpha": 8}),
    "lokr": ("lokr", {"r": 4, "alpha": 8}),
    "adalora": ("adalora", {"init_r": 6, "target_r": 3, "delta_t": 1}),
    "hra": ("hra", {"r": 4}),
    "fourierft": ("fourierft", {"n_frequency": 100}),
    "vera": ("vera", {"r": 32}),
    "miss": ("miss", {"r": 8}),
    "ln_tuning": ("ln_tuning", {}),
    "road": ("road", {"group_size": 16}),
}
# peft's own limits: these know torch's Linear only, and GPT-2's layers are of another class, with their weights transposed.
UNFIT = frozenset(("gpt2", setting) for setting in ("olora", "oft", "loha", "lokr", "hra", "miss", "road"))


@dataclass(frozen=True)
class Trained:
    """`losses` of each step on the same rows; `difference` of the gradients of the two layouts, None where the flat one was refused."""

    chosen: Method
    model: Any
    losses: tuple[float, ...]
    is_flat: bool
    difference: float | None


def examples(count: int = 8, seed: int = 0) -> list[Learned]:
    """Of different lengths; the second half is learned, and can be: it repeats one token."""
    random = numpy.random.default_rng(seed)
    made = []
    for number in range(count):
        length = 6 + 3 * number
        ids = random.integers(6, 256, length).astype(numpy.int64)
        learned = numpy.arange(length) >= length // 2
        ids[learned] = 40 + number % 3
        made.append(Learned(ids, learned))
    return made


def opened(folder: Path, name: str, options: Mapping[str, Any]) -> tuple[Method, Any]:
    """A method and a model with it applied, as the training job does it."""
    chosen = method(name)
    settings = chosen.Options.model_validate(options)
    torch.manual_seed(0)
    return chosen, chosen.apply(load_base(folder, quantization=chosen.quantization(settings)), settings)


def trained(folder: Path, setting: str, steps: int = 10, rows: Sequence[Learned] | None = None) -> Trained:
    """A few steps of AdamW in the layout that the model can take."""
    name, options = SETTINGS[setting]
    chosen, model = opened(folder, name, options)
    rows = examples() if rows is None else rows
    layout = choose(model, rows)
    model.train()
    batch = flat(rows) if layout.is_flat else padded(rows)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    # Random weights and ten steps without a warm-up bear less of it than a trained model does.
    rate = chosen.rates.tiny * (0.3 if name == "bottleneck" else 1.0)
    optimizer = torch.optim.AdamW(weights, lr=rate, weight_decay=0.0)
    losses = []
    chosen.begin(model, steps)
    for step in range(steps):
        loss = token_losses(logits_of(model, batch), batch.targets)[0] / len(batch.targets)
        loss.backward()
        chosen.before_step(model)
        optimizer.step()
        chosen.after_step(model, step + 1)
        optimizer.zero_grad(set_to_none=True)
        losses.append(float(loss))
        if step == 2:  # as an evaluation in mid-run
            model.eval()
            with torch.no_grad():
                logits_of(model, batch)
            model.train()
    model.set_attn_implementation("sdpa")
    return Trained(chosen, model.eval(), tuple(losses), layout.is_flat, layout.difference)


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=IDS).logits.float()
    return found
