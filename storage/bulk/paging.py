"""A window on a dataset's rows, quick at a million: pages follow a key, search runs over a folded column."""

from dataclasses import replace
from typing import Any

from storage.datasets import EXAMPLE_COLUMNS
from storage.rows import DatasetId, Example, Page, Part, SplitId
from storage.store import Store


def page(
    store: Store,
    dataset: DatasetId,
    *,
    after: int = 0,
    size: int = 50,
    search: str = "",
    label: str | None = None,
    part: Part | None = None,
    split: SplitId | None = None,
) -> Page:
    """Rows after position `after` that hold `search` (any case, accents or not, % and _ as they are), have the answer `label` and stand in `part`.

    With `split` each row carries its part; `part` without a split matches nothing.
    """
    where, values = ["dataset = $dataset", "gone IS NULL"], dict[str, Any](dataset=dataset)
    if search.strip():
        where.append("contains(folded, folded($search))")  # not ILIKE: nothing to escape, and it is quicker
        values["search"] = search.strip()
    if label is not None:
        where.append("answer = $label")
        values["label"] = label
    if part is not None:
        where.append("position IN (SELECT position FROM split_row WHERE split = $split AND part = $part)")
        values |= {"split": split, "part": part.value}
    matching = " AND ".join(where)
    # One scan of narrow columns finds and counts the rows; only the shown ones are then read whole.
    first = f"min(position, {int(size) + 1}) FILTER (position > $after)"
    total, places = store.read(None, f"SELECT count(*), {first} FROM example WHERE {matching}", {**values, "after": after})[0]
    wanted = (places or [])[:size]
    shown = _with_parts(store, _rows_at(store, dataset, wanted), split)
    return Page(tuple(shown), wanted[-1] if len(places or []) > size else None, total)


def _rows_at(store: Store, dataset: DatasetId, places: list[int]) -> list[Example]:
    if not places:
        return []
    # A join, not a list of constants: DuckDB then reads these rows only, and not every block that holds one (3 ms against 200 ms for 8 rows of 1M).
    one_of = "position IN (SELECT unnest(?::BIGINT[]))"
    sql = f"SELECT {EXAMPLE_COLUMNS} FROM example WHERE dataset = ? AND gone IS NULL AND {one_of} ORDER BY position"
    return store.read(Example, sql, [dataset, places])


def _with_parts(store: Store, examples: list[Example], split: SplitId | None) -> list[Example]:
    if split is None or not examples:
        return examples
    sql = "SELECT position, part FROM split_row WHERE split = ? AND position BETWEEN ? AND ?"
    parts = {place: Part(part) for place, part in store.read(None, sql, [split, examples[0].position, examples[-1].position])}
    return [replace(example, part=parts.get(example.position)) for example in examples]
