"""From a query's columns to the frozen row classes."""

import functools
import json
import types
from collections.abc import Callable, Hashable
from dataclasses import fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Protocol, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Result(Protocol):
    """What an executed query gives."""

    @property
    def description(self) -> list[Any] | None: ...
    def fetchall(self) -> list[Any]: ...


def rows_of(row: type[T] | None, result: Result) -> list[Any]:
    """All rows, as `row` or, when it is None, as tuples. A column that the class lacks is left out."""
    values = result.fetchall()
    if row is None:
        return values
    places = _places(cast(Hashable, row), tuple(column[0] for column in result.description or ()))
    return [row(**{name: convert(value[index]) if convert else value[index] for name, index, convert in places}) for value in values]


def now() -> datetime:
    """As the database keeps it: UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)


@functools.cache
def _places(row: Any, columns: tuple[str, ...]) -> tuple[tuple[str, int, Callable[[Any], Any] | None], ...]:
    hints = get_type_hints(row)
    return tuple((field.name, columns.index(field.name), _converter(hints[field.name])) for field in fields(row) if field.name in columns)


def _converter(hint: Any) -> Callable[[Any], Any] | None:
    optional = get_origin(hint) is types.UnionType
    plain = next(kind for kind in get_args(hint) if kind is not types.NoneType) if optional else hint
    convert: Callable[[Any], Any]
    if plain is datetime:
        convert = _aware
    elif isinstance(plain, type) and issubclass(plain, StrEnum):
        convert = plain
    elif get_origin(plain) is tuple:
        convert = _from_json
    else:
        return None
    return lambda value: None if value is None else convert(value)


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC)


def _from_json(value: str) -> tuple[Any, ...]:
    return tuple(json.loads(value))
