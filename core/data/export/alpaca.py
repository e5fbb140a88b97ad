"""Alpaca: a JSON list of instruction, input, output, system and history. Taori et al. 2023, Stanford Alpaca."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from core.data.export.base import DataFormat, Look, pairs
from core.data.export.rows import ExportRow
from core.data.mapping import Mapping
from core.data.shapes.base import Unusable, shape
from storage.canonical import canonical

_COLUMNS = ("instruction", "input", "output", "system", "history")
_READING = Mapping(shape="alpaca", columns={column: column for column in _COLUMNS}, unanswered=True)


class Alpaca(DataFormat):
    """Where the row came in this form and says the same still, its own instruction and input are kept apart; else the question is the instruction."""

    name: ClassVar[str] = "alpaca"
    label: ClassVar[str] = "Alpaca"
    suffix: ClassVar[str] = ".json"
    marks_always: ClassVar[bool] = False

    def cells(self, row: ExportRow, look: Look) -> dict[str, Any]:
        if look.shape == "alpaca" and (own := _as_it_came(row)) is not None:
            return own
        system, question, answer, before = pairs(row.messages)
        return {"instruction": question, "input": "", "output": answer, "system": system, "history": before}

    def reading(self, look: Look) -> Mapping:
        return _READING

    def write_file(self, rows: Iterable[dict[str, Any]], target: Path, look: Look) -> None:
        with target.open("w", encoding="utf-8", newline="") as file:
            start = "[\n"
            for values in rows:
                file.write(start + json.dumps(values, ensure_ascii=False))
                start = ",\n"
            file.write("\n]\n" if start != "[\n" else "[]\n")


def _as_it_came(row: ExportRow) -> dict[str, Any] | None:
    source = row.source_row
    if not isinstance(source.get("instruction"), str) or not isinstance(source.get("output"), str):
        return None
    own = {column: source.get(column) or ([] if column == "history" else "") for column in _COLUMNS}
    try:
        return own if canonical(shape("alpaca").messages(own, _READING)) == row.text else None
    except Unusable:
        return None
