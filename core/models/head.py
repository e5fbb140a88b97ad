"""A head of its own for categories: where a model has its layer that writes words, one that scores each category from the state of a text's last token.

The usual way to sort with a model that writes (GPT's classifier, Radford et al. 2018; transformers' ...ForSequenceClassification). Heavy: imported by children only.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict
from safetensors.torch import load_file, save_file

from core.models.reference import HEAD_FILE

_WEIGHTS_FILE, _WEIGHT = "head.safetensors", "score.weight"


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...]


class Head(torch.nn.Linear):
    """[…, hidden] to […, labels], in fp32. `labels` are the categories as the model would have written them; `plain` is the layer it stands in for."""

    def __init__(self, labels: Sequence[str], plain: torch.nn.Module, spread: float = 0.0) -> None:
        weight: Any = plain.weight
        super().__init__(weight.shape[-1], len(labels), bias=False, device=weight.device, dtype=torch.float32)
        torch.nn.init.normal_(self.weight, std=spread)
        self.labels = tuple(labels)
        self._instead = (plain,)  # in a tuple, so that it is no part of the model: not trained, not counted

    @property
    def plain(self) -> torch.nn.Module:
        return self._instead[0]

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return super().forward(hidden.to(self.weight.dtype))

    def save(self, folder: Path) -> None:
        """Two files beside the model's own."""
        save_file({_WEIGHT: self.weight.detach().cpu().contiguous()}, folder / _WEIGHTS_FILE, metadata={"format": "pt"})
        (folder / HEAD_FILE).write_text(_Stored(labels=self.labels).model_dump_json(indent=1), encoding="utf-8")

    def restore(self, folder: Path) -> None:
        """Its weights as `save` wrote them."""
        with torch.no_grad():
            self.weight.copy_(load_file(folder / _WEIGHTS_FILE)[_WEIGHT])

    def go_on(self, folder: Path) -> None:
        """From the one that lies there, if one does: of each category that it knew already. What is new starts as it is."""
        if not (folder / HEAD_FILE).is_file():
            return
        known = {label: number for number, label in enumerate(_stored(folder).labels)}
        weight = load_file(folder / _WEIGHTS_FILE)[_WEIGHT].to(self.weight)
        with torch.no_grad():
            for number, label in enumerate(self.labels):
                if label in known:
                    self.weight[number] = weight[known[label]]


def put_head(model: Any, labels: Sequence[str]) -> Head:
    """A new one, to be trained: small random numbers by torch's seed. The model gives logits [learned, labels] from then on."""
    head = Head(labels, plain_layer(model), getattr(model.config.get_text_config(), "initializer_range", None) or 0.02)
    model.set_output_embeddings(head)
    return head


def read_head(model: Any, folder: Path) -> Head:
    """The one that lies in a folder, put onto its model."""
    head = Head(_stored(folder).labels, plain_layer(model))
    head.restore(folder)
    model.set_output_embeddings(head.requires_grad_(False))
    return head


def _stored(folder: Path) -> _Stored:
    return _Stored.model_validate_json((folder / HEAD_FILE).read_text(encoding="utf-8"))


def head_of(model: Any) -> Head | None:
    found = model.get_output_embeddings()
    return found if isinstance(found, Head) else None


def plain_layer(model: Any) -> torch.nn.Module:
    """The layer that writes words, whether it is in its place or not."""
    found: torch.nn.Module = model.get_output_embeddings()
    return found.plain if isinstance(found, Head) else found


def take_head_off(model: Any) -> None:
    """The layer that writes words comes back to its place."""
    if (head := head_of(model)) is not None:
        model.set_output_embeddings(head.plain)


@contextmanager
def plain_output(model: Any) -> Iterator[Head | None]:
    """The model as it is without its head, to be saved or loaded as any other; what is given is the head, None where there is none."""
    head = head_of(model)
    if head is None:
        yield None
        return
    model.set_output_embeddings(head.plain)
    try:
        yield head
    finally:
        model.set_output_embeddings(head)
