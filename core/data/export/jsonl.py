"""JSON Lines of messages: what OpenAI's fine-tuning and most training programs take (one object a line, with `messages` and perhaps `tools`)."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from core.data.export.base import DataFormat, Look
from core.data.export.rows import ExportRow
from core.data.mapping import Mapping

_PLAIN = Mapping(shape="messages", columns={"messages": "messages"}, unanswered=True)
_WITH_TOOLS = Mapping(shape="messages", columns={"messages": "messages", "tools": "tools"}, unanswered=True)


class Jsonl(DataFormat):
    """A row's tools stand beside its messages, as OpenAI has them. Columns that only Bottega knows are written only where they are needed."""

    name: ClassVar[str] = "jsonl"
    label: ClassVar[str] = "JSON Lines (messages)"
    suffix: ClassVar[str] = ".jsonl"
    marks_always: ClassVar[bool] = False

    def cells(self, row: ExportRow, look: Look) -> dict[str, Any]:
        first, *rest = row.messages
        if not look.tools:
            return {"messages": [_role_first(turn) for turn in (first, *rest)]}
        bare = {key: value for key, value in first.items() if key not in ("tools", "parallel_tool_calls")}
        values = {"messages": [_role_first(turn) for turn in (bare, *rest)], "tools": first.get("tools", [])}
        return values | ({"parallel_tool_calls": first["parallel_tool_calls"]} if "parallel_tool_calls" in first else {})

    def reading(self, look: Look) -> Mapping:
        return _WITH_TOOLS if look.tools else _PLAIN

    def write_file(self, rows: Iterable[dict[str, Any]], target: Path, look: Look) -> None:
        with target.open("w", encoding="utf-8", newline="") as file:
            for values in rows:
                file.write(json.dumps(values, ensure_ascii=False) + "\n")


def _role_first(turn: dict[str, Any]) -> dict[str, Any]:
    """As people read and other programs write it."""
    return {"role": turn["role"], "content": turn["content"], **turn}
