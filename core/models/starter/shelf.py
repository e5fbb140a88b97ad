"""Documents as token ids: encoded once, kept in one file, drawn by weight and packed into batches of one shape."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.models.starter.corpus import Document, weight_of
from core.models.starter.tokenizer import BEGIN, END, ROLE_MARK

if TYPE_CHECKING:
    from tokenizers import Tokenizer

SHORT, LONG = 256, 1024  # lengths of the two shapes of batch: most exercises are short, and attention costs less there
Ids = np.ndarray[Any, np.dtype[np.uint16]]


def written_out(document: Document) -> str:
    """The document as the chat template writes it; plain text stands between <|begin|> and <|end|>."""
    if document.text:
        return BEGIN + document.text + END
    return "".join(ROLE_MARK[role] + content + END for role, content in document.turns)


@dataclasses.dataclass
class Shelf:
    """Per source the documents' ids: training ones and held-out ones."""

    train: dict[str, list[Ids]]
    held_out: dict[str, list[Ids]]

    @classmethod
    def encode(cls, documents: Iterable[Document], tokenizer: Tokenizer) -> Shelf:
        train: dict[str, list[Ids]] = defaultdict(list)
        held_out: dict[str, list[Ids]] = defaultdict(list)
        for batch in _groups(documents, 2000):
            for document, encoding in zip(batch, tokenizer.encode_batch_fast([written_out(d) for d in batch]), strict=True):
                ids = np.asarray(encoding.ids, dtype=np.uint16)
                (held_out if document.held_out else train)[document.source].append(ids)
        return cls(dict(train), dict(held_out))

    def save(self, path: Path) -> None:
        arrays: dict[str, Any] = {}
        for part, shelf in (("train", self.train), ("held_out", self.held_out)):
            for source, rows in shelf.items():
                arrays[f"{part}|{source}|ids"] = np.concatenate(rows)
                arrays[f"{part}|{source}|lengths"] = np.asarray([len(row) for row in rows], dtype=np.int32)
        part_path = path.with_suffix(".part.npz")
        np.savez(part_path, **arrays)
        part_path.replace(path)

    @classmethod
    def load(cls, path: Path) -> Shelf:
        shelves: dict[str, dict[str, list[Ids]]] = {"train": {}, "held_out": {}}
        with np.load(path) as arrays:
            for name in arrays.files:
                part, source, what = name.split("|")
                if what == "ids":
                    cuts = np.cumsum(arrays[f"{part}|{source}|lengths"])[:-1]
                    shelves[part][source] = np.split(arrays[name], cuts)
        return cls(shelves["train"], shelves["held_out"])

    def joined(self, other: Shelf) -> Shelf:
        return Shelf({**self.train, **other.train}, {**self.held_out, **other.held_out})


@dataclasses.dataclass(frozen=True)
class Batch:
    """ids and targets [rows, length], -1 where nothing is to be predicted; mask adds to attention scores and is None for plain causal rows."""

    ids: Tensor
    targets: Tensor
    mask: Tensor | None
    tokens: int

    def rows(self, start: int, step: int) -> Batch:
        """Every `step`th row from `start`: a part of about equal size."""
        part = slice(start, None, step)
        return Batch(self.ids[part], self.targets[part], None if self.mask is None else self.mask[part], self.tokens // step)


class Drawer:
    """Draws documents by weight, without repeating one before its source is through, and packs them. Its `state` resumes it."""

    def __init__(self, shelf: Shelf, batch_tokens: int, seed: int) -> None:
        self.rows = {
            False: {source: [ids for ids in rows if len(ids) <= SHORT] for source, rows in shelf.train.items()},
            True: {source: _cut([ids for ids in rows if len(ids) > SHORT]) for source, rows in shelf.train.items()},
        }
        self.rows = {long: {source: rows for source, rows in sources.items() if rows} for long, sources in self.rows.items()}
        self.batch_tokens, self.seed = batch_tokens, seed
        self.taken: dict[str, int] = {}
        self.drawn = 0
        self.waiting: dict[bool, list[Ids]] = {False: [], True: []}
        self._orders: dict[str, tuple[int, np.ndarray[Any, Any]]] = {}
        self._sizes = {long: {s: sum(map(len, rows)) for s, rows in sources.items()} for long, sources in self.rows.items()}

    @property
    def state(self) -> dict[str, Any]:
        return {"taken": dict(self.taken), "drawn": self.drawn}

    def resume(self, state: dict[str, Any]) -> None:
        self.taken, self.drawn = dict(state["taken"]), int(state["drawn"])

    def batch(self, *, late: bool) -> Batch:
        """The next batch; `late` takes the weights of the last part of the training."""
        random = np.random.default_rng((self.seed, self.drawn))
        self.drawn += 1
        mass = {long: sum(size * weight_of(s, late=late) for s, size in sizes.items()) for long, sizes in self._sizes.items()}
        long = bool(random.random() < mass[True] / (mass[True] + mass[False]))
        return self._long(random, late) if long else self._short(random, late)

    def _next(self, long: bool, random: np.random.Generator, late: bool) -> Ids:
        sizes = self._sizes[long]
        names = list(sizes)
        mean_lengths = [sizes[name] / len(self.rows[long][name]) for name in names]
        odds = np.asarray([sizes[name] * weight_of(name, late=late) / mean for name, mean in zip(names, mean_lengths, strict=True)])
        name = names[int(np.searchsorted(np.cumsum(odds), random.random() * odds.sum()))]
        rows, key = self.rows[long][name], f"{name}|{long}"
        taken = self.taken.get(key, 0)
        self.taken[key] = taken + 1
        lap, place = divmod(taken, len(rows))
        if self._orders.get(key, (-1,))[0] != lap:
            order_seed = (self.seed, lap, len(rows), int.from_bytes(key.encode()[:32], "big") % 2**31)
            self._orders[key] = (lap, np.random.default_rng(order_seed).permutation(len(rows)))
        return rows[int(self._orders[key][1][place])]

    def _short(self, random: np.random.Generator, late: bool) -> Batch:
        count = self.batch_tokens // SHORT
        waiting = self.waiting[False]
        while sum(map(len, waiting)) < 0.98 * count * SHORT:
            waiting.append(self._next(False, random, late))
        rows: list[list[Ids]] = [[] for _ in range(count)]
        room, left = [SHORT] * count, []
        for ids in sorted(waiting, key=len, reverse=True):
            place = next((i for i, free in enumerate(room) if free >= len(ids)), None)
            if place is None:
                left.append(ids)
            else:
                rows[place].append(ids)
                room[place] -= len(ids)
        self.waiting[False] = left
        return packed(rows, SHORT)

    def _long(self, random: np.random.Generator, late: bool) -> Batch:
        count = self.batch_tokens // LONG
        waiting = self.waiting[True]
        while sum(map(len, waiting)) < count * LONG:
            waiting.append(self._next(True, random, late))
        stream, self.waiting[True] = waiting, []
        ids = np.concatenate(stream).astype(np.int64)
        targets = np.roll(ids, -1)
        targets[np.cumsum([len(row) for row in stream]) - 1] = -1
        shape, size = (count, LONG), count * LONG
        return Batch(torch.from_numpy(ids[:size].reshape(shape)), torch.from_numpy(targets[:size].reshape(shape)), None, size)


def packed(rows: list[list[Ids]], length: int) -> Batch:
    """Documents laid end to end in rows of `length`; each sees itself only."""
    ids, targets = np.zeros((len(rows), length), np.int64), np.full((len(rows), length), -1, np.int64)
    owner = np.full((len(rows), length), -1, np.int64)
    for row, documents in enumerate(rows):
        start = 0
        for number, document in enumerate(documents):
            end = start + len(document)
            ids[row, start:end] = document
            targets[row, start : end - 1] = document[1:]
            owner[row, start:end] = number
            start = end
    owners = torch.from_numpy(owner)
    seen = (owners[:, :, None] == owners[:, None, :]) & torch.ones(length, length, dtype=torch.bool).tril()
    mask = torch.zeros(seen.shape, dtype=torch.bfloat16).masked_fill_(~seen, -1e4).unsqueeze(1)
    return Batch(torch.from_numpy(ids), torch.from_numpy(targets), mask, int((owner >= 0).sum()))


def _cut(rows: list[Ids]) -> list[Ids]:
    return [row[start : start + LONG] for row in rows for start in range(0, len(row), LONG) if len(row) - start > 8]


def _groups(documents: Iterable[Document], size: int) -> Iterator[list[Document]]:
    group: list[Document] = []
    for document in documents:
        group.append(document)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group
