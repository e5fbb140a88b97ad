"""Every kind of model that we promise to export gives the same numbers outside: a real build of each, tiny."""

from pathlib import Path
from typing import Any

import numpy
import pytest

from core.export import onnx
from core.export.architectures import BUILDABLE
from core.inference.base import load
from core.models.reference import Backend, ModelReference
from core.tasks.base import Turn
from tests.unit.export_help import QUESTIONS, tokenizer

# What differs from a common small shape. Windows are shorter and lengths longer than usual, so that the kinds' own ways are really used.
SHAPES: dict[str, dict[str, Any]] = {
    "Ernie4_5ForCausalLM": {},
    "Gemma3ForCausalLM": {"head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 32, "num_hidden_layers": 6},
    "GemmaForCausalLM": {"head_dim": 16},
    "GraniteForCausalLM": {"embedding_multiplier": 12.0, "logits_scaling": 8.0, "residual_multiplier": 0.22, "attention_multiplier": 0.1},
    "LlamaForCausalLM": {
        "rope_parameters": {
            "rope_type": "llama3",
            "rope_theta": 500_000.0,
            "factor": 32.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 64,
        }
    },
    "MistralForCausalLM": {"head_dim": 16, "sliding_window": None},
    "Phi3ForCausalLM": {"original_max_position_embeddings": 256, "partial_rotary_factor": 0.75, "hidden_size": 256},
    "Qwen2ForCausalLM": {},
    "Qwen3ForCausalLM": {"head_dim": 16},
    "SmolLM3ForCausalLM": {},
}


def test_every_promised_kind_is_tried_here() -> None:
    assert set(SHAPES) == BUILDABLE


@pytest.mark.parametrize("architecture", sorted(SHAPES))
def test_the_export_gives_the_models_own_numbers(architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    import transformers

    monkeypatch.setenv("CI", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    words, folder = tokenizer(), tmp_path / "model"
    kind = getattr(transformers, architecture)
    common = {
        "vocab_size": len(words), "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 256, "eos_token_id": words.eos_token_id, "pad_token_id": 0, "bos_token_id": None, "initializer_range": 0.15,
        "tie_word_embeddings": True,
    }  # fmt: skip
    torch.manual_seed(1)
    kind(kind.config_class(**(common | SHAPES[architecture]))).save_pretrained(folder)
    words.save_pretrained(folder)
    request = onnx.BuildRequest(merged=folder, cache=tmp_path / "cache", output=tmp_path / "package", target="cpu", precision="fp32")
    onnx.main(request.model_dump())
    tuned = load(ModelReference(name="tuned", folder=folder), 1)
    exported = load(ModelReference(name="exported", folder=tmp_path / "package", backend=Backend.GENAI), 1)
    ids = tuned.prompt_ids((Turn(role="user", content=" ".join(QUESTIONS)),))
    assert len(ids) > 64  # longer than the windows above
    assert numpy.abs(tuned.logits_of(ids) - exported.logits_of(ids)).max() <= 1e-4
