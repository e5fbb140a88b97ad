"""The model's folder as transformers loads it: config, 16-bit safetensors, tokenizer, template, card."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.models.starter.network import Network, Size, llama_config
from core.models.starter.tokenizer import BEGIN, END, PAD, save_tokenizer

if TYPE_CHECKING:
    from tokenizers import Tokenizer

KEPT_LENGTH = 1024


def write_model(network: Network, tokenizer: Tokenizer, folder: Path, *, dtype: torch.dtype = torch.float16, card: str = "") -> Path:
    """Write the folder and give it back. The head is the embedding, so it is not written twice."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = tokenizer.get_vocab()
    marks = {"pad": vocabulary[PAD], "begin": vocabulary[BEGIN], "end": vocabulary[END]}
    weights = {name: weight.detach().to(dtype).contiguous() for name, weight in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)  # safetensors leaves it readable by its owner alone
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": str(dtype).removeprefix("torch.")}
    _write_json(folder / "config.json", {**config, **llama_config(network.size, **marks)})
    ids = {"pad_token_id": marks["pad"], "bos_token_id": marks["begin"], "eos_token_id": marks["end"]}
    _write_json(folder / "generation_config.json", {**ids, "do_sample": False, "max_new_tokens": 128})
    save_tokenizer(tokenizer, folder, min(KEPT_LENGTH, network.size.max_position_embeddings))
    if card:
        (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


def read_network(folder: Path) -> Network:
    """The network of a folder that `write_model` wrote, in 32 bits."""
    from safetensors.torch import load_file

    fields = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = Network(Size(**{field.name: fields[field.name] for field in dataclasses.fields(Size)}))
    network.load_state_dict({name: weight.float() for name, weight in load_file(folder / "model.safetensors").items()})
    return network


def _write_json(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
