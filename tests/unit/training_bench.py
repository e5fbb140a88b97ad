"""What the tests of training arrange: tiny real models of several architectures, rows, and a job without a supervisor."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

from core.jobs.events import Event, from_lines
from core.jobs.handle import EVENTS_FILE, ChildJob
from core.jobs.spec import JobSpec
from core.models.reference import ModelReference
from core.training.recipe import Recipe
from core.training.settings import ROWS_FILE, TrainSettings
from storage.files import sha256_of

TEMPLATE = (
    "{% for m in messages %}{% if m['role'] == 'assistant' %}<|assistant|>{% generation %}{{ m['content'] }}<|end|>{% endgeneration %}"
    "{% else %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endif %}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_SIZE: dict[str, Any] = {
    "vocab_size": 300, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
    "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 4,
}  # fmt: skip
ARCHITECTURES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "llama": ("LlamaConfig", {"tie_word_embeddings": True}),
    "qwen3": ("Qwen3Config", {"head_dim": 8}),
    "gemma3": ("Gemma3TextConfig", {"head_dim": 8, "sliding_window": 16, "layer_types": ["sliding_attention", "full_attention"], "query_pre_attn_scalar": 8}),
    "phi3": ("Phi3Config", {"sliding_window": 16}),
    "granite": ("GraniteConfig", {"logits_scaling": 4.0, "residual_multiplier": 0.5}),
    "qwen2": ("Qwen2Config", {"tie_word_embeddings": True}),
    "gemma": ("GemmaConfig", {"head_dim": 8}),
    "smollm3": ("SmolLM3Config", {"tie_word_embeddings": True}),
    "gpt2": ("GPT2Config", {"n_embd": 32, "n_inner": 64, "n_layer": 2, "n_head": 4, "n_positions": 256}),
}  # fmt: skip


def tiny_model(folder: Path, architecture: str = "llama", *, seed: int = 0, **changes: Any) -> ModelReference:
    """A whole model folder: random weights, a byte-level tokenizer, a chat template with generation marks."""
    import torch
    import transformers

    torch.manual_seed(seed)
    name, extra = ARCHITECTURES[architecture]
    config = getattr(transformers, name)(**{**_SIZE, **extra, **changes})
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    _tokenizer().save_pretrained(folder)
    return ModelReference(name=architecture, folder=folder)


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<s>", "<|user|>", "<|assistant|>", "<|end|>", "<|system|>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate([*special, *letters])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(special)
    made = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="<|end|>")
    made.chat_template = TEMPLATE
    return made


def rows(count: int = 60, *, labels: tuple[str, ...] = ("apple", "pear", "plum"), answer: Any = None) -> list[dict[str, Any]]:
    """Texts whose label stands in them; every fifth is a validation row. `answer` makes other answers from the number."""
    made = []
    for number in range(count):
        label = labels[number % len(labels)] if answer is None else answer(number)
        question = f"{'a bit ' * (number % 4)}of {label} {number}"
        messages = [{"role": "user", "content": question}] + ([{"role": "assistant", "content": label}] if label is not None else [])
        part = "validation" if number % 5 == 4 else "train"
        made.append(
            {"example_id": f"e{number}", "part": part, "position": number, "messages": json.dumps(messages), "question": question, "answer": label}
        )
    return made


def recipe(**changes: Any) -> Recipe:
    values: dict[str, Any] = {
        "task": "classification", "num_train_epochs": 4, "per_device_train_batch_size": 8, "learning_rate": 3e-3, "max_length": 128,
        "evaluations": 6, "base_model": "tiny",
    }  # fmt: skip
    return Recipe(**{**values, **changes})


def run_folder(folder: Path, base: ModelReference, chosen: Recipe, data: list[dict[str, Any]] | None = None, *, resume: bool = False) -> Path:
    """As the supervisor leaves it to a child."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / ROWS_FILE).exists():
        written = rows() if data is None else data
        names = ("example_id", "part", "position", "messages", "question", "answer", *(["original"] if "original" in written[0] else []))
        schema = pyarrow.schema([(name, pyarrow.int64() if name == "position" else pyarrow.string()) for name in names])
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(written, schema=schema), folder / ROWS_FILE)
    settings = TrainSettings(name="tuned", recipe=chosen, base=base).model_dump(mode="json")
    spec = JobSpec(
        id="job",
        kind="train",
        main="core.training.job:main",
        settings=settings,
        inputs={ROWS_FILE: sha256_of(folder / ROWS_FILE)},
        threads=1,
        resume=resume,
    )
    (folder / "spec.json").write_text(spec.model_dump_json())
    return folder


def job_in(folder: Path) -> ChildJob:
    return ChildJob(folder, JobSpec.model_validate_json((folder / "spec.json").read_text()))


def said(folder: Path) -> list[Event]:
    return [event for event, _ in from_lines((folder / EVENTS_FILE).read_bytes())]


def curve(folder: Path, name: str) -> dict[int, float]:
    return {event.step: event.value for event in said(folder) if event.kind == "point" and event.name == name}
