"""A row of a format that is no text: its cells as what JSON can say, within the limits that every row keeps."""

import base64
import datetime
import decimal
import json
import math
import uuid
from typing import Any

from core.data.limits import Limits
from core.data.readers.jsonl import is_deeper
from core.data.records import Fault, Record, fault

_SHORT_BYTES = 64  # an id or a hash; longer ones are pictures and sounds, which no text model reads


def record(row: int, line: int, values: dict[str, Any], limits: Limits) -> Record | Fault:
    """`values` as JSON. Too many cells, too long or too deep ones are faults."""
    if len(values) > limits.columns:
        return fault(row, "row_too_wide", "Row {row} has {fields:,} fields; at most {limit:,} can be read.", fields=len(values), limit=limits.columns)
    if is_deeper(values, limits.json_depth):
        return fault(row, "row_too_deep", "Row {row} nests more than {limit} levels deep. Flatten it.", limit=limits.json_depth)
    for name, value in values.items():
        if isinstance(value, str) and len(value) > limits.field_chars:
            return fault(row, "text_too_long", "Row {row} has {chars:,} characters in '{column}'; at most {limit:,} can be read. Shorten it.",
                         column=name, chars=len(value), limit=limits.field_chars)  # fmt: skip
    return Record(row, line, values, json.dumps(values, ensure_ascii=False))


def plain(value: Any) -> Any:
    """Dates as ISO, exact decimals as they are written, what is no number as nothing, bytes as text where they are text."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time(0) and value.tzinfo is None
        return value.date().isoformat() if midnight else value.isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | uuid.UUID | datetime.timedelta):
        return str(value)
    if isinstance(value, bytes):
        return _text_of(value)
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return str(value)


def _number(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _text_of(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode() if len(value) <= _SHORT_BYTES else None
