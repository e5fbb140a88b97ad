"""Will it fit: memory and disk that a training takes, by formula. What was measured on this machine comes from the probe and replaces it."""

from core.models.catalogue import Entry
from core.models.installed import Shape

_LIBRARIES_BYTES = 700_000_000  # Python with torch, transformers and peft loaded
_FP32 = 4
_ADAM_AND_GRADIENT = 12  # bytes a trainable weight: its gradient and Adam's two averages
_ACTIVATIONS = 36  # numbers of the hidden size's width that a layer keeps for the way back, a token
_LOGITS = 4  # copies of the logits of learned tokens


def trainable(shape: Shape, method: str, rank: int = 16) -> int:
    """Weights that learn. For LoRA on all linear layers: seven matrices a layer, of about the hidden size or three times it."""
    if method == "full":
        return shape.parameters
    return int(shape.layers * rank * shape.hidden_size * (4 * 2 + 3 * 4))


def memory_bytes(shape: Shape, method: str, *, batch_tokens: int, learned_tokens: int, rank: int = 16) -> int:
    """At the peak of a training step."""
    weights = _FP32 * shape.parameters + _ADAM_AND_GRADIENT * trainable(shape, method, rank)
    if method != "full":
        weights += _FP32 * trainable(shape, method, rank)
    activations = _FP32 * _ACTIVATIONS * batch_tokens * shape.layers * shape.hidden_size
    logits = _FP32 * _LOGITS * learned_tokens * shape.vocabulary
    return _LIBRARIES_BYTES + weights + activations + logits


def disk_bytes(shape: Shape, method: str, rank: int = 16) -> int:
    """The kept model while it is replaced, and two checkpoints with Adam's averages while a third is written."""
    kept = _FP32 * (shape.parameters if method == "full" else trainable(shape, method, rank))
    return 2 * kept + 3 * 3 * kept


def shape_of_entry(entry: Entry) -> Shape:
    """Of a model that is not here yet."""
    return Shape(entry.name, entry.architecture, entry.parameters, entry.hidden_size, entry.layers, entry.vocabulary, entry.context)


def memory_of_entry(entry: Entry, method: str) -> int:
    """For a modest batch: 2,048 tokens, a quarter of them learned."""
    return memory_bytes(shape_of_entry(entry), method, batch_tokens=2048, learned_tokens=512)
