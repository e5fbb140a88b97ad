"""Several adapters on one base: what switching costs in time and memory, against a process for each model.

`python -m tests.bench.adapters` makes LoRA adapters with random numbers on the starter, asks them in turn from one resident process, and the same merged
models from processes of their own. Prints seconds to the first word after a switch, and resident memory.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

import psutil

from core.inference.pool import Inference
from core.models.installed import starter
from core.models.reference import ModelReference
from core.tasks.base import Turn

ASKED = [Turn(role="user", content="I am still waiting on my card?")]
ADAPTERS, ROUNDS = 3, 5


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        adapters = _adapters(Path(scratch))
        shared, apart = Inference(threads=2), Inference(max_models=ADAPTERS, threads=2)
        try:
            _tell("cold start, first answer", _seconds(shared, adapters[0]))
            _tell("an adapter for the first time", median(_seconds(shared, one) for one in adapters[1:]))
            _tell("switch between adapters", median(_seconds(shared, one) for _ in range(ROUNDS) for one in adapters))
            _tell("the same one again", median(_seconds(shared, adapters[0]) for _ in range(ROUNDS)))
            print(f"{'one process, base and ' + str(ADAPTERS) + ' adapters':44s} {_memory(shared) / 1e6:8.0f} MB")
            whole = [_merged(one, Path(scratch)) for one in adapters]
            for one in whole:
                _seconds(apart, one)
            print(f"{str(ADAPTERS) + ' processes, a merged model each':44s} {_memory(apart) / 1e6:8.0f} MB")
            _tell("a merged model, the same one again", median(_seconds(apart, whole[0]) for _ in range(ROUNDS)))
        finally:
            shared.close()
            apart.close()


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


def _memory(inference: Inference) -> int:
    """Resident bytes of all its processes."""
    return sum(psutil.Process(child._process.pid).memory_info().rss for child in inference._children.values())


def _tell(what: str, seconds: float) -> None:
    print(f"{what:44s} {seconds:8.3f} s")


if __name__ == "__main__":
    main()
