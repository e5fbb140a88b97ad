"""Tiny real models, a tokenizer, frozen rows and a run folder, for the tests of the export."""

import json
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import parquet

from core.export.settings import ExportSettings, Origin
from core.jobs.handle import ChildJob
from core.jobs.spec import JobSpec
from core.models.reference import ModelReference
from storage.files import Manifest, sha256_of

LABELS = ("card_arrival", "lost_or_stolen_card", "perché_no", "top_up")
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>\n{% if m['role'] == 'assistant' %}{% generation %}{{ m['content'] }}<|end|>{% endgeneration %}"
    "{% else %}{{ m['content'] }}<|end|>{% endif %}\n{% endfor %}{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
QUESTIONS = ("Where is my card?", "I lost it yesterday, €20 are gone", "Perché non va?", "top up   twice", "naïve – “quoted”", "a b c 123")
ORIGIN = Origin(
    run_id="r", run_name="run", base_model="starter", base_license="apache-2.0", dataset="tickets", dataset_version=1, dataset_hash="ab" * 32,
    split_seed=0, train_rows=24, test_rows=12, made_on="2026-11-24",
)  # fmt: skip


def tokenizer() -> Any:
    """Byte-level BPE with a chat template that has generation marks; `<|end|>` ends an answer."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    special = ["<|pad|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>"]
    texts = [*QUESTIONS, *(label.replace("_", " ") for label in LABELS), Path(__file__).read_text(encoding="utf-8")]
    raw.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    made = PreTrainedTokenizerFast(tokenizer_object=raw, pad_token="<|pad|>", eos_token="<|end|>")
    made.chat_template = TEMPLATE
    return made


def tiny_model(folder: Path, kind: str) -> ModelReference:
    """A random model of two layers, 'llama' or 'qwen3', wide enough for int4 blocks. Its numbers vary enough to choose different answers."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM, Qwen3Config, Qwen3ForCausalLM

    words = tokenizer()
    shape = {
        "vocab_size": len(words), "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4, "head_dim": 16,
        "num_key_value_heads": 2, "max_position_embeddings": 256, "tie_word_embeddings": True, "eos_token_id": words.eos_token_id, "pad_token_id": 0,
        "bos_token_id": None, "initializer_range": 0.15,
    }  # fmt: skip
    torch.manual_seed(3)
    parameters = {"rope_type": "default", "rope_theta": 50_000.0}
    if kind == "llama":
        model: Any = LlamaForCausalLM(LlamaConfig(**shape, rope_parameters=parameters))
    else:
        model = Qwen3ForCausalLM(Qwen3Config(**shape, rope_parameters=parameters))
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    Manifest.write(folder)
    return ModelReference(name=f"tiny {kind}", folder=folder)


def tiny_lora(folder: Path, base: ModelReference) -> ModelReference:
    """An adapter whose effect is large: both matrices are random, where peft starts one at zero."""
    import torch

    from core.methods.base import method
    from core.models.load import load_base, load_tokenizer

    chosen = method("lora")
    torch.manual_seed(5)
    model = chosen.apply(load_base(base.folder), chosen.Options.model_validate({"r": 4, "lora_alpha": 8}))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight.normal_(0, 0.2)
    folder.mkdir()
    chosen.save(model, folder)
    load_tokenizer(base.folder).save_pretrained(folder)
    Manifest.write(folder)
    return ModelReference(name="tiny lora", folder=folder, base=base.folder, method="lora")


def write_rows(path: Path, test_rows: int = 12) -> str:
    """24 rows of training and some of test, with labels in turn."""
    rows = []
    for position in range(24 + test_rows):
        question, label = f"{QUESTIONS[position % len(QUESTIONS)]} ({position})", LABELS[position % len(LABELS)]
        turns = [{"role": "user", "content": question}, {"role": "assistant", "content": label}]
        part = "train" if position < 24 else "test"
        row = {"example_id": str(position), "part": part, "position": position, "messages": json.dumps(turns), "question": question, "answer": label}
        rows.append(row)
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    return sha256_of(path)


def settings_of(model: ModelReference, precision: str = "fp32", task: str = "classification") -> ExportSettings:
    return ExportSettings(name="tickets", model=model, task=task, precision=precision, recipe=f'task = "{task}"\n', origin=ORIGIN)


def job_in(folder: Path, settings: ExportSettings) -> ChildJob:
    """A run folder with its spec, as the supervisor makes it."""
    folder.mkdir()
    inputs = {"rows.parquet": write_rows(folder / "rows.parquet")}
    spec = JobSpec(id="abcdefghijklm", kind="export", main="core.export.job:main", settings=settings.model_dump(mode="json"), inputs=inputs)
    (folder / "spec.json").write_text(spec.model_dump_json(), encoding="utf-8")
    return ChildJob(folder, spec)
