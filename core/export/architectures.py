"""Which models can be exported, told before the long work. Names as in config.json's `architectures`."""

import json
from pathlib import Path

from core.errors import UserError

# Those whose export gives the model's own numbers with the pinned builder (onnxruntime-genai 0.14.1) and transformers: compared on tiny models in
# fp32, largest logit difference 5e-5 (tests/unit/test_export_architectures.py). The builder knows more, and is silently wrong for some of them:
# Olmo, Phi (1 and 2) and Nemotron by several whole logits, Gemma2 beyond its sliding window.
BUILDABLE = frozenset(
    {
        "Ernie4_5ForCausalLM",
        "Gemma3ForCausalLM",
        "GemmaForCausalLM",
        "GraniteForCausalLM",
        "LlamaForCausalLM",
        "MistralForCausalLM",
        "Phi3ForCausalLM",
        "Qwen2ForCausalLM",
        "Qwen3ForCausalLM",
        "SmolLM3ForCausalLM",
    }
)
_TOKENIZER_FILES = ("tokenizer_config.json", "chat_template.jinja", "chat_template.json")


class CannotBuildArchitecture(UserError):
    """The model builder does not know this kind of model, or writes it wrongly."""

    sentence = (
        "A model of the kind '{architecture}' cannot be exported to ONNX by this version: its export was not seen to give the same answers. These were: {known}. "
        "The trained model is kept and can be used inside Bottega. Nothing was started."
    )
    status = 422

    def __init__(self, *, architecture: str) -> None:
        known = ", ".join(sorted(name.removesuffix("ForCausalLM") for name in BUILDABLE))
        super().__init__(architecture=architecture, known=known)


class CannotRenderPrompts(UserError):
    """The tokenizer has no chat template, so nobody outside could ask the model as it was trained."""

    sentence = (
        "The model '{name}' has no chat template, so a package could not say how its questions are written. Train from a version made for chats. "
        "The trained model is kept. Nothing was started."
    )
    status = 422

    def __init__(self, *, name: str) -> None:
        super().__init__(name=name)


def check_architecture(folder: Path) -> str:
    """The architecture that config.json of a whole model names. Raises CannotBuildArchitecture."""
    try:
        named = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or ["?"]
    except (OSError, ValueError, AttributeError):
        named = ["?"]
    if named[0] not in BUILDABLE:
        raise CannotBuildArchitecture(architecture=str(named[0]))
    return str(named[0])


def check_template(folder: Path, name: str) -> None:
    """Raises CannotRenderPrompts when no tokenizer file of the folder holds a chat template."""
    if not any("chat_template" in file.name or _names_template(file) for file in _present(folder)):
        raise CannotRenderPrompts(name=name)


def _present(folder: Path) -> list[Path]:
    return [folder / name for name in _TOKENIZER_FILES if (folder / name).is_file()]


def _names_template(file: Path) -> bool:
    try:
        return bool(json.loads(file.read_text(encoding="utf-8")).get("chat_template"))
    except (OSError, ValueError, AttributeError):
        return False
