"""One side of the comparison, alone in its process, so that its peak memory is its own: `python -m tests.bench.training_side SIDE FOLDER`.

Reads case.json in FOLDER, learns once from all rows and prints one JSON object: real tokens, seconds from the first step to the last, peak memory, the
mean loss of the first and of the last steps.
"""

import dataclasses
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

CASE_FILE = "case.json"
_ENDS = 4  # steps whose losses are averaged at both ends


@dataclass(frozen=True)
class Case:
    """A training: lengths are lognormal with this median and sigma, cut to `longest`; a third of a row or more is its answer. `method` is one of
    core.methods with `options`; `batch` rows at once."""

    hidden: int = 256
    layers: int = 6
    vocabulary: int = 4096
    rows: int = 512
    batch: int = 32
    median: float = 90.0
    sigma: float = 0.9
    longest: int = 1024
    method: str = "lora"
    options: dict[str, Any] = dataclasses.field(default_factory=lambda: {"r": 16, "lora_alpha": 32})
    learning_rate: float = 1e-3
    threads: int = 2

    @classmethod
    def of(cls, folder: Path) -> "Case":
        return cls(**json.loads((folder / CASE_FILE).read_text(encoding="utf-8")))

    def save(self, folder: Path) -> None:
        (folder / CASE_FILE).write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")


@dataclass(frozen=True)
class Side:
    """What one training took. `peak_bytes` is the process's, with all that it imported; `base_bytes` what it held before its first step."""

    tokens: int
    seconds: float
    peak_bytes: int
    base_bytes: int
    first_loss: float
    last_loss: float


def rows(case: Case) -> list[Any]:
    """Instructions of lognormal lengths, each with its answer marked; the same for the same case. What is learned can be: it repeats few tokens."""
    from core.training.encoding import Learned

    chance = numpy.random.default_rng(7)
    lengths = numpy.clip(chance.lognormal(numpy.log(case.median), case.sigma, case.rows), 12, case.longest).astype(int)
    made = []
    for length in lengths:
        ids = chance.integers(8, case.vocabulary, int(length)).astype(numpy.int64)
        learned = numpy.arange(length) >= int(length * chance.uniform(0.4, 0.7))
        ids[learned] = 8 + chance.integers(0, 64, int(learned.sum()))
        made.append(Learned(ids, learned))
    return made


def make_model(case: Case, folder: Path) -> None:
    """A Llama of random weights with a tokenizer that knows as many words as it has."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=case.vocabulary, hidden_size=case.hidden, intermediate_size=int(case.hidden * 8 / 3) // 16 * 16, num_hidden_layers=case.layers,
        num_attention_heads=max(1, case.hidden // 64), num_key_value_heads=max(1, case.hidden // 64), max_position_embeddings=case.longest, tie_word_embeddings=True,
        pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(folder)
    words = {"<pad>": 0, "<s>": 1, "</s>": 2, "<unk>": 3, **{f"w{number}": number for number in range(4, case.vocabulary)}}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    worn = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    worn.chat_template = "{% for message in messages %}{{ message['content'] }} {% endfor %}"
    worn.save_pretrained(folder)


def ours(case: Case, folder: Path) -> Side:
    """As the product trains: its own job's parts, from the loaded model to the last step."""
    from core.jobs.handle import ChildJob
    from core.jobs.spec import JobSpec
    from core.methods.base import method
    from core.models.load import load_tokenizer
    from core.models.reference import ModelReference
    from core.training.encoding import EncodedRows
    from core.training.job import load_ready
    from core.training.keeping import Keeper
    from core.training.recipe import Recipe
    from core.training.telling import Telling
    from core.training.trainer import OurTrainer, Sides, run

    recipe = Recipe(
        task="generation", method=case.method, method_options=case.options, learning_rate=case.learning_rate, num_train_epochs=1,
        per_device_train_batch_size=case.batch, max_length=case.longest, evaluations=1, lr_scheduler_type="linear", warmup_ratio=0, weight_decay=0.0,
    )  # fmt: skip
    work = folder / f"ours-{os.getpid()}"
    work.mkdir()
    job = ChildJob(work, JobSpec(id="bench", kind="train", main="core.training.job:main", threads=case.threads))
    telling, known = Telling(job), rows(case)
    encoded = EncodedRows(tuple(known), (), case.longest, 0, 0, max(len(row.ids) for row in known))
    model, is_flat = load_ready(ModelReference(name="bench", folder=folder / "model"), recipe, encoded, telling)
    assert is_flat
    keeper = Keeper(work, "bench", method(case.method), folder / "model", load_tokenizer(folder / "model"))
    watched = _watch()
    trainer = OurTrainer(model, Sides(job, recipe, telling, keeper, encoded.train, (), is_flat))
    trainer.add_callback(watched)
    run(trainer, None)
    return watched.side(encoded.tokens, _losses_of(work))


def _losses_of(work: Path) -> list[float]:
    lines = [json.loads(line) for line in (work / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line["value"] for line in lines if line["kind"] == "point" and line["name"] == "loss"]


def trl_default(case: Case, folder: Path) -> Side:
    """SFTTrainer with nothing set but what the comparison needs: the same batch, optimizer steps and learning rate."""
    return _trl(case, folder, {})


def trl_best(case: Case, folder: Path) -> Side:
    """Its fastest that we found here: rows of like length in a batch, nothing worked out twice. In bf16, its default, which was the quicker of the two here."""
    return _trl(case, folder, {"train_sampling_strategy": "group_by_length", "gradient_checkpointing": False})


def _trl(case: Case, folder: Path, settings: dict[str, Any]) -> Side:
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(folder / "model", dtype=torch.float32, **_packed(case))
    known = rows(case)
    table = Dataset.from_dict(
        {"input_ids": [row.ids.tolist() for row in known], "completion_mask": [row.learned.astype(int).tolist() for row in known]}
    )
    arguments = SFTConfig(
        output_dir=str(folder / "trl"), per_device_train_batch_size=case.batch, num_train_epochs=1, max_length=case.longest, completion_only_loss=True,
        learning_rate=case.learning_rate, lr_scheduler_type="linear", weight_decay=0.0, report_to="none", disable_tqdm=True, save_strategy="no",
        logging_steps=1, use_cpu=not torch.cuda.is_available(), dataloader_pin_memory=False, **settings,
    )  # fmt: skip
    watched = _watch()
    trainer = SFTTrainer(
        model=model, args=arguments, train_dataset=table,
        processing_class=AutoTokenizer.from_pretrained(folder / "model"), peft_config=_peft(case), callbacks=[watched],
    )  # fmt: skip
    trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    return watched.side(sum(len(row.ids) for row in known), losses)


def _packed(case: Case) -> dict[str, Any]:
    """As the product packs a base into 4 bits, on its own option's values."""
    from core.methods.base import method

    chosen = method(case.method)
    packing = chosen.quantization(chosen.Options.model_validate(case.options))
    return {} if packing is None else {"quantization_config": packing, "device_map": {"": "cpu"}}


def _peft(case: Case) -> Any:
    if case.method == "full":
        return None
    from peft import LoraConfig

    options = {name: value for name, value in case.options.items() if name in ("r", "lora_alpha", "use_dora")}
    return LoraConfig(task_type="CAUSAL_LM", target_modules="all-linear", **options)


def _watch() -> Any:
    """A clock that hears of steps, as both trainers tell it."""
    import psutil
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        begun = ended = 0.0
        held = 0

        def on_train_begin(self, *positional: Any, **named: Any) -> None:
            self.held, self.begun = psutil.Process().memory_info().rss, time.perf_counter()

        def on_step_end(self, *positional: Any, **named: Any) -> None:
            self.ended = time.perf_counter()

        def side(self, tokens: int, losses: list[float]) -> Side:
            first, last = losses[:_ENDS], losses[-_ENDS:]
            return Side(tokens, self.ended - self.begun, peak_bytes(), self.held, sum(first) / len(first), sum(last) / len(last))

    return Clock()


def peak_bytes() -> int:
    """Of this process, since it began."""
    from core.jobs.memory import peak_bytes

    return peak_bytes()


SIDES = {"ours": ours, "trl default": trl_default, "trl best": trl_best}


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    from core.quiet import be_quiet

    be_quiet()
    import torch

    case = Case.of(folder)
    torch.set_num_threads(case.threads)
    print(json.dumps(dataclasses.asdict(SIDES[name](case, folder))), flush=True)


if __name__ == "__main__":
    main()
