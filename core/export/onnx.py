"""A whole model becomes ONNX by Olive's ModelBuilder pass, and its genai_config.json learns every mark that ends an answer."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.export.steps import ExportFailed
from core.export.targets import Precision, Target, target

_REPORTS = ("footprint.json", "output_footprint.json", "model_config.json", "run_history.txt")  # Olive's own, with paths of this machine
_BUILDING = "building the ONNX model"


class BuildRequest(BaseModel):
    """`merged` is a Hugging Face folder, `cache` may be removed afterwards, `output` gets the model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    merged: Path
    cache: Path
    output: Path
    target: str
    precision: str


def olive_configuration(where: Target, how: Precision, precision: str, *, model: str, output: str, cache: str) -> dict[str, Any]:
    """What `olive run --config` takes too."""
    extra = {"hf_remote": False, **how.extra_options}  # the builder would otherwise run code that lies in a model's folder
    return {
        "input_model": {"type": "HfModel", "model_path": model},
        "systems": {"here": {"type": "LocalSystem", "accelerators": [{"device": where.device, "execution_providers": [where.provider]}]}},
        "passes": {"build": {"type": "ModelBuilder", "precision": precision, "extra_options": extra}},
        "host": "here",
        "target": "here",
        "output_dir": output,
        "cache_dir": cache,
        "log_severity_level": 2,
    }


def main(values: dict[str, Any]) -> None:
    """A step. Raises ExportFailed when the pass failed, which olive.run does not say."""
    request = BuildRequest.model_validate(values)
    import olive

    _let_the_builder_read_gemma3()
    where, how = target(request.target, request.precision)
    places = {"model": str(request.merged), "output": str(request.output), "cache": str(request.cache)}
    outcome = olive.run(olive_configuration(where, how, request.precision, **places))
    best = outcome.get_best_candidate() if outcome is not None and outcome.has_output_model() else None
    if best is None or not (request.output / "genai_config.json").is_file():
        raise ExportFailed(step=_BUILDING, why="Olive ended without a model")
    shutil.rmtree(request.cache, ignore_errors=True)
    for name in _REPORTS:
        (request.output / name).unlink(missing_ok=True)
    complete_genai_config(request.merged, request.output)


def _let_the_builder_read_gemma3() -> None:
    """transformers 5 moved the two bases of Gemma 3's rotary positions into a table; the builder still reads them under their old names."""
    from transformers import Gemma3TextConfig

    for old, layers in (("rope_local_base_freq", "sliding_attention"), ("rope_theta", "full_attention")):
        if not hasattr(Gemma3TextConfig, old):
            setattr(Gemma3TextConfig, old, property(partial(_rotary_base, layers)))


def _rotary_base(layers: str, config: Any) -> float:
    return float(config.rope_parameters[layers]["rope_theta"])


def complete_genai_config(merged: Path, output: Path) -> None:
    """Greedy, and ended by all marks that end an answer in the app: the builder takes those of config.json only, and a model that was taught
    to end with another one of its template would write on."""
    from transformers import GenerationConfig

    from core.inference.rendering import end_ids
    from core.models.load import load_tokenizer

    stated = GenerationConfig.from_pretrained(str(merged)) if (merged / "generation_config.json").is_file() else GenerationConfig()
    tokenizer = load_tokenizer(merged)
    ends = sorted(end_ids(tokenizer, stated))
    if tokenizer.eos_token_id in ends:  # guidance writes the first
        ends = [tokenizer.eos_token_id, *(token for token in ends if token != tokenizer.eos_token_id)]
    file = output / "genai_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["model"]["eos_token_id"] = ends if len(ends) > 1 else ends[0]
    config["search"] |= {"do_sample": False, "top_k": 1, "num_beams": 1}
    file.write_text(json.dumps(config, indent=1), encoding="utf-8")
