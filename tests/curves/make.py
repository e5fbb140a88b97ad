"""Makes the recorded curves that are missing: `python -m tests.curves.make [part of a name …]`. Each is a real training whose cause was planted; see plants.py."""

import itertools
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import UserError
from core.models.installed import STARTER, starter
from core.models.reference import ModelReference
from tests.curves.plants import PLANTS, Plant

FOLDER = Path(__file__).parent / "files"
_MOST_POINTS = 120  # a series: of neighbours the mean, as a run of some minutes shows them
_DIGITS = 5


def main(wanted: list[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for plant in PLANTS:
        file = FOLDER / f"{plant.name}.json"
        if file.exists() or (wanted and not any(part in plant.name for part in wanted)):
            continue
        began = time.monotonic()
        file.write_text(_written(plant), encoding="utf-8")
        sys.stdout.write(f"{plant.name} {time.monotonic() - began:.1f} s\n")
        sys.stdout.flush()


def _written(plant: Plant) -> str:
    points, ended = recorded(plant)
    head = {
        "name": plant.name, "cause": plant.cause, "made_by": "python -m tests.curves.make " + plant.name, "model": plant.model, "seed": plant.seed,
        "data": plant.data, "recipe": plant.recipe().to_toml(), "ended": ended,
    }  # fmt: skip
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(series)}" for name, series in points.items())
    return json.dumps(head, indent=1)[:-2] + ',\n "points": {\n' + lines + "\n }\n}\n"


def recorded(plant: Plant) -> tuple[dict[str, list[list[float]]], str]:
    """The points of the run by name, and how it ended. With one thread the same numbers come out each time on the same machine."""
    from core.jobs.handle import ChildJob
    from core.methods.base import method
    from core.training import job as training_job
    from core.training import trainer as training
    from core.training.keeping import Keeper
    from core.training.telling import Telling
    from tests.unit.training_bench import curve, job_in, run_folder, said

    class Keeping(Keeper):
        """Keeps no weights: only the curve is wanted."""

        def keep_model(self, model: Any) -> None:
            return

        def wants_checkpoint(self) -> bool:
            return False

    recipe, base = plant.recipe(), _base(plant.model)
    with tempfile.TemporaryDirectory() as place:
        folder = run_folder(Path(place) / "run", base, recipe, plant.rows())
        job: ChildJob = job_in(folder)
        ticks = itertools.count()
        telling = Telling(job, clock=lambda: float(next(ticks)))  # so that every step is told, whatever the machine does beside
        prepared = training_job.prepare(job, telling, recipe, base)
        keeper = Keeping(job.folder, "curve", method(recipe.method), base.folder, prepared.tokenizer)
        rows = prepared.rows
        sides = training.Sides(job, recipe, telling, keeper, rows.train, rows.validation, prepared.is_flat)
        ended = "done"
        try:
            training.run(training.OurTrainer(prepared.model, sides), None)
        except UserError as error:
            ended = type(error).__name__
        job.close()
        names = dict.fromkeys(event.name for event in said(folder) if event.kind == "point")
        told = {name: curve(folder, name) for name in names if name != "tokens_per_second"}
    return {name: list(_thinned(series)) for name, series in told.items()}, ended


def _thinned(series: dict[int, float]) -> Iterator[list[float]]:
    points = sorted(series.items())
    size = math.ceil(len(points) / _MOST_POINTS)
    for start in range(0, len(points), size):
        group = points[start : start + size]
        yield [group[-1][0], float(f"{sum(value for _, value in group) / len(group):.{_DIGITS}g}")]


_made: dict[str, ModelReference] = {}
_places: list[tempfile.TemporaryDirectory[str]] = []


def _base(name: str) -> ModelReference:
    """'starter', or a new Llama with the starter's tokenizer: 'small' (2 layers of 64)."""
    if name == "starter":
        return ModelReference(name=STARTER, folder=starter())
    if name not in _made:
        import torch
        from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

        _places.append(tempfile.TemporaryDirectory())
        folder = Path(_places[-1].name)
        tokenizer = AutoTokenizer.from_pretrained(str(starter()), local_files_only=True)
        torch.manual_seed(0)
        config = LlamaConfig(vocab_size=len(tokenizer), hidden_size=64, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4,
                             num_key_value_heads=4, max_position_embeddings=256, tie_word_embeddings=True, pad_token_id=tokenizer.pad_token_id,
                             bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id)  # fmt: skip
        LlamaForCausalLM(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        _made[name] = ModelReference(name=name, folder=folder)
    return _made[name]


if __name__ == "__main__":
    main(sys.argv[1:])
