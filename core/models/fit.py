"""Will it fit: memory and disk that a training takes, by formula. What was measured on this machine comes from the probe and replaces it."""

from collections.abc import Mapping
from typing import Any

from core.methods.base import Dimensions, Merge, Method, method
from core.models.catalogue import Entry
from core.models.installed import Shape

_LIBRARIES_BYTES = 700_000_000  # Python with torch, transformers and peft loaded
_FP32 = 4
_ADAM_AND_GRADIENT = 12  # bytes a trainable weight: its gradient and Adam's two averages
_ACTIVATIONS = 36  # numbers of the hidden size's width that a layer keeps for the way back, a token
_PACKED = 0.5 + 0.127 / 8 + 0.01  # bytes a weight in 4 bits with its packed scale (Dettmers et al. 2023: 0.127 bits), and what stays beside
_LOGITS = 4  # copies of the logits of learned tokens


def trainable(shape: Shape, method_name: str, options: Mapping[str, Any] | None = None) -> int:
    """Weights that learn. Raises UnknownMethod."""
    chosen = method(method_name)
    size = Dimensions(shape.parameters, shape.hidden_size, shape.layers)
    return chosen.learned(chosen.Options.model_validate(options or {}), size)


def memory_bytes(
    shape: Shape, method_name: str, *, batch_tokens: int, learned_tokens: int, options: Mapping[str, Any] | None = None, checkpointing: bool = False
) -> int:  # fmt: skip
    """At the peak of a training step. With `checkpointing` a layer keeps only what goes into it, and one at a time the rest."""
    learned, chosen = trainable(shape, method_name, options), method(method_name)
    weights = _base_bytes(shape, chosen) + _ADAM_AND_GRADIENT * learned
    if chosen.merge is not Merge.WHOLE:
        weights += _FP32 * learned
    kept = shape.layers + _ACTIVATIONS if checkpointing else shape.layers * _ACTIVATIONS
    activations = _FP32 * kept * batch_tokens * shape.hidden_size
    logits = _FP32 * _LOGITS * learned_tokens * shape.vocabulary
    return _LIBRARIES_BYTES + weights + activations + logits


def disk_bytes(shape: Shape, method_name: str, options: Mapping[str, Any] | None = None) -> int:
    """The kept model while it is replaced, and two checkpoints with Adam's averages while a third is written."""
    kept = _FP32 * trainable(shape, method_name, options)
    return 2 * kept + 3 * 3 * kept


def _base_bytes(shape: Shape, chosen: Method) -> int:
    """In 4 bits only the layers' matrices are packed; the embeddings, and an output layer of its own, stay in fp32. One matrix is unpacked at a time."""
    if not chosen.packs_base:
        return _FP32 * shape.parameters
    embeddings = shape.vocabulary * shape.hidden_size * (1 if shape.is_tied else 2)
    packed = max(0, shape.parameters - embeddings)
    largest = 4 * shape.hidden_size * shape.hidden_size
    return int(_PACKED * packed) + _FP32 * (min(embeddings, shape.parameters) + largest)


def shape_of_entry(entry: Entry) -> Shape:
    """Of a model that is not here yet."""
    return Shape(entry.name, entry.architecture, entry.parameters, entry.hidden_size, entry.layers, entry.vocabulary, entry.context)


def memory_of_entry(entry: Entry, method_name: str) -> int:
    """For a modest batch."""
    return modest_memory_bytes(shape_of_entry(entry), method_name)


def modest_memory_bytes(shape: Shape, method_name: str) -> int:
    """For a modest batch: 2,048 tokens, a quarter of them learned."""
    return memory_bytes(shape, method_name, batch_tokens=2048, learned_tokens=512)
