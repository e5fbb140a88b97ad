"""A window on a dataset's rows, quick at a million: one scan of narrow columns finds and counts, and only the shown rows are read whole."""

import json
from dataclasses import replace
from typing import Any

from storage.bulk.filtering import CHARS, STANDING, matching_sql
from storage.datasets import EXAMPLE_COLUMNS
from storage.rows import DatasetId, Example, MarkedExample, Order, OwnerId, Part, Review, RowFilter, RowWindow, SplitId
from storage.store import Store

# What a row is sorted by, before its position; an answer's first letters do.
_LATEST_CHANGE = "greatest(born, coalesce(marked, 0))"
_KEYS = {
    Order.LABEL: "coalesce(left(answer, 100), '')",
    Order.SHORTEST: CHARS,
    Order.LONGEST: f"-({CHARS})",
    Order.CHANGED: f"-({_LATEST_CHANGE})",
}
_MARKED_LAST = "LEFT JOIN (SELECT position, max(born) AS marked FROM mark WHERE dataset = $dataset GROUP BY position) USING (position)"


def window(
    store: Store,
    dataset: DatasetId,
    filter: RowFilter,
    *,
    order: Order = Order.POSITION,
    after: str | None = None,
    size: int = 50,
    split: SplitId | None = None,
) -> RowWindow:
    """The first `size` rows that match, in this order, behind the key `after` (a window's `next`). With `split` each row carries its part.

    Raises ValueError when `after` is no key of this order.
    """
    matching, values = matching_sql(replace(filter, part=None))
    values = {**values, "dataset": dataset, "size": size + 1}
    source = "example"
    if filter.part is not None:  # joined: twice as quick as the IN that matching_sql would say
        source += " JOIN (SELECT position FROM split_row WHERE split = $split AND part = $part) USING (position)"
        values |= {"split": filter.split, "part": filter.part.value}
    if order is Order.CHANGED:
        source += f" {_MARKED_LAST}"
    rows = f"{source} WHERE {matching}"
    total, places, keys = (_by_position if order is Order.POSITION else _sorted)(store, rows, values, order, after)
    wanted = places[:size]
    shown = _marked(store, dataset, _with_parts(store, _rows_at(store, dataset, wanted), split))
    more = len(places) > size
    return RowWindow(tuple(shown), json.dumps([*keys[:size][-1:], wanted[-1]], ensure_ascii=False) if more else None, total)


def _by_position(store: Store, rows: str, values: dict[str, Any], order: Order, after: str | None) -> tuple[int, list[int], list[Any]]:
    key = _key(after, order)
    sql = f"SELECT count(*), min(position, {values.pop('size')}) FILTER (position > $after) FROM {rows}"
    total, places = store.read(None, sql, {**values, "after": key[0] if key else 0})[0]
    return total, places or [], []


def _sorted(store: Store, rows: str, values: dict[str, Any], order: Order, after: str | None) -> tuple[int, list[int], list[Any]]:
    key, size = _key(after, order), values.pop("size")
    behind = "FILTER (WHERE (key, position) > ($key, $place))" if key else ""
    sql = f"""
        SELECT count(*), min({{'key': key, 'position': position}}, {size}) {behind}
        FROM (SELECT position, {_KEYS[order]} AS key FROM {rows})
    """
    total, found = store.read(None, sql, {**values, **({"key": key[0], "place": key[1]} if key else {})})[0]
    return total, [each["position"] for each in found or []], [each["key"] for each in found or []]


def _key(after: str | None, order: Order) -> list[Any]:
    if after is None:
        return []
    found = json.loads(after)
    if not isinstance(found, list):
        found = [found]  # a plain position
    kinds = {Order.POSITION: [int], Order.LABEL: [str, int]}.get(order, [int, int])
    if [type(part) for part in found] != kinds or any(isinstance(part, int) and abs(part) >= 1 << 63 for part in found):
        raise ValueError("no key of this order")
    return found


def _rows_at(store: Store, dataset: DatasetId, places: list[int]) -> list[Example]:
    if not places:
        return []
    # A join, not a list of constants: DuckDB then reads these rows only, and not every block that holds one (3 ms against 200 ms for 8 rows of 1M).
    one_of = "position IN (SELECT unnest(?::BIGINT[]))"
    found = store.read(Example, f"SELECT {EXAMPLE_COLUMNS} FROM example WHERE dataset = ? AND {STANDING} AND {one_of}", [dataset, places])
    by_place = {example.position: example for example in found}
    return [by_place[place] for place in places if place in by_place]


def _with_parts(store: Store, examples: list[Example], split: SplitId | None) -> list[Example]:
    if split is None or not examples:
        return examples
    sql = "SELECT position, part FROM split_row WHERE split = ? AND position IN (SELECT unnest(?::BIGINT[]))"
    parts = {place: Part(part) for place, part in store.read(None, sql, [split, [example.position for example in examples]])}
    return [replace(example, part=parts.get(example.position)) for example in examples]


def _marked(store: Store, dataset: DatasetId, examples: list[Example]) -> list[MarkedExample]:
    if not examples:
        return []
    values = [dataset, [example.position for example in examples]]
    one_of = "dataset = ? AND position IN (SELECT unnest(?::BIGINT[]))"
    said = {
        place: said for place, *said in store.read(None, f"SELECT position, tags, review, reviewer FROM mark WHERE {one_of} AND gone IS NULL", values)
    }
    sql = f'SELECT position, list_sort(list(DISTINCT "check")) FROM finding WHERE {one_of} GROUP BY position'
    found: dict[int, list[str]] = dict(store.read(None, sql, values))
    shown = []
    for example in examples:
        tags, review, reviewer = said.get(example.position, ((), None, None))
        checks = tuple(found.get(example.position, ()))
        shown.append(MarkedExample(example, tuple(tags), Review(review) if review else None, OwnerId(reviewer) if reviewer else None, checks))
    return shown
