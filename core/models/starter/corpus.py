"""What the starter reads: the sources of a corpus folder, how much each counts, and which rows are held out.

A corpus folder holds plain.jsonl.xz ({"source", "text"}), dialogue.jsonl.xz and instruct.jsonl.xz ({"source", "messages"}); each may be
missing. Its README names the sources and their licences; the model card repeats them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import lzma
from collections.abc import Iterator
from pathlib import Path

HELD_OUT_SHARE = 0.01

# How often a token of the source is met, against a token of weight 1. Simple modern English, stories, requests and instructions go up;
# old fiction and textbooks, most of the corpus, go down. The second number is for the last part of the training, when the rate falls.
WEIGHT: dict[str, tuple[float, float]] = {
    "plain/standardebooks": (0.35, 0.05),
    "plain/openstax": (0.5, 0.1),
    "plain/english-wordnet": (0.6, 0.15),
    "plain/factbook": (0.5, 0.1),
    "plain/us-gov-speeches": (0.7, 0.1),
    "plain/us-gov-18f": (1.0, 0.3),
    "plain/us-gov-digitalgov": (1.0, 0.3),
    "plain/us-gov-plainlanguage": (1.5, 0.5),
    "plain/us-gov-login": (2.0, 1.0),
    "plain/opensource.guide": (1.5, 0.5),
    "plain/storybooks": (2.5, 1.0),
    "plain/recipes": (1.5, 0.5),
    "dialogue/casino": (0.6, 0.3),
    "dialogue/synthetic-persona-chat": (1.5, 0.8),
    "instruct/openstax": (0.4, 0.3),
    "instruct/english-wordnet": (0.7, 0.5),
    "instruct/natural-instructions-v1": (0.6, 0.5),
    "instruct/natural-instructions-v2": (0.7, 0.6),
    "instruct/us-gov-digitalgov": (0.6, 0.4),
    "instruct/snips": (2.0, 2.5),
    "instruct/nlu-evaluation-data": (2.5, 3.0),
    "instruct/exercises": (0.8, 1.0),
}
GENERATED, GENERATED_WEIGHT = "made/", (1.0, 1.0)  # what the project generates itself
UNNAMED = (1.0, 1.0)  # a source that the table does not name: new sources of a repeated corpus count as they are


@dataclasses.dataclass(frozen=True)
class Document:
    """One text, or the turns of one conversation as (role, content)."""

    source: str
    turns: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def held_out(self) -> bool:
        """Whether this document is never trained on: by a hash of its text, so that a run repeats and copies fall on one side."""
        key = self.text or "\n".join(content for _, content in self.turns)
        return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") < HELD_OUT_SHARE * 2**32


def read_corpus(folder: Path) -> Iterator[Document]:
    """All documents, file by file in their order. Raises FileNotFoundError when the folder holds none of the three files."""
    found = [part for part in ("plain", "dialogue", "instruct") if (folder / f"{part}.jsonl.xz").is_file()]
    if not found:
        raise FileNotFoundError(f"{folder} holds none of plain.jsonl.xz, dialogue.jsonl.xz and instruct.jsonl.xz")
    for part in found:
        with lzma.open(folder / f"{part}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                turns = tuple((turn["role"], turn["content"]) for turn in row.get("messages", ()))
                yield Document(f"{part}/{row['source']}", turns, row.get("text", ""))


def weight_of(source: str, *, late: bool) -> float:
    """How often a token of `source` is met, against one of weight 1."""
    if source.startswith(GENERATED):
        return GENERATED_WEIGHT[late]
    return WEIGHT.get(source, UNNAMED)[late]
