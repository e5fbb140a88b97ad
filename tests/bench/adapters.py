"""Several adapters on one base: what switching costs in time and memory, against a process for each model.

`python -m tests.bench.adapters [--json]` makes LoRA adapters with random numbers on the starter, asks them in turn from one resident process, and the same
merged models from processes of their own. Seconds are those to the first word; memory is the processes' own: the libraries that they share are left out.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil

from core.inference.pool import Inference
from core.models.installed import starter
from core.models.reference import ModelReference
from core.quiet import be_quiet
from core.tasks.base import Turn
from tests.bench.figures import Figure, tell

ASKED = [Turn(role="user", content="I am still waiting on my card?")]
ADAPTERS, ROUNDS = 3, 5


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as scratch:
        adapters = _adapters(Path(scratch))
        shared, apart = Inference(threads=2), Inference(max_models=ADAPTERS, threads=2)
        try:
            yield Figure("first word, no process alive", _seconds(shared, adapters[0]), "s")
            yield Figure("first word of an adapter for the first time, median", median(_seconds(shared, one) for one in adapters[1:]), "s")
            switches = median(_seconds(shared, one) for _ in range(ROUNDS) for one in adapters)
            yield Figure("first word after a switch of adapters, median", switches, "s")
            yield Figure("first word of the same adapter again, median", median(_seconds(shared, adapters[0]) for _ in range(ROUNDS)), "s")
            together = _own_memory(shared)
            whole = [_merged(one, Path(scratch)) for one in adapters]
            for one in whole:
                _seconds(apart, one)
            peer = f"{ADAPTERS} processes, a merged model each ({_own_memory(apart) / 1e6:,.0f} MB)"
            yield Figure(f"memory of one process, base and {ADAPTERS} adapters", together / 1e6, "MB", peer, together / _own_memory(apart))
            yield Figure("first word of the same merged model again, median", median(_seconds(apart, whole[0]) for _ in range(ROUNDS)), "s")
        finally:
            shared.close()
            apart.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", dest="as_json")
    given = parser.parse_args()
    be_quiet()
    for figure in figures():
        tell(figure, as_json=given.as_json)


def _adapters(scratch: Path) -> list[ModelReference]:
    import torch

    from core.methods.base import method
    from core.models.load import load_base, load_tokenizer

    made, lora = [], method("lora")
    for number in range(ADAPTERS):
        torch.manual_seed(number)
        model = lora.apply(load_base(starter()), lora.Options.model_validate({"r": 16}))
        with torch.no_grad():
            for weight in model.parameters():
                if weight.requires_grad:
                    weight.add_(0.01 * torch.randn_like(weight))
        folder = scratch / str(number)
        folder.mkdir()
        lora.save(model, folder)
        load_tokenizer(starter()).save_pretrained(folder)
        made.append(ModelReference(name=str(number), folder=folder, base=starter(), method="lora"))
    return made


def _merged(adapter: ModelReference, scratch: Path) -> ModelReference:
    from core.models.load import load_model, load_tokenizer

    folder = scratch / f"whole-{adapter.name}"
    load_model(adapter).save_pretrained(folder)
    load_tokenizer(starter()).save_pretrained(folder)
    return ModelReference(name=folder.name, folder=folder)


def _seconds(inference: Inference, model: ModelReference) -> float:
    """To the first word."""
    began = time.perf_counter()
    stream = inference.stream(model, ASKED, max_new_tokens=4)
    next(stream, None)
    took = time.perf_counter() - began
    stream.close()
    return took


def _own_memory(inference: Inference) -> int:
    """Bytes that no process but these holds."""
    return sum(int(psutil.Process(child._process.pid).memory_full_info().uss) for child in inference._children.values())


if __name__ == "__main__":
    main()
