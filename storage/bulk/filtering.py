"""Which rows a filter means, as SQL over `example`: every condition is a parameter, and the narrowest columns are looked at first."""

from typing import Any

from storage.rows import DatasetId, RowFilter
from storage.store import Store

STANDING = "gone IS NULL AND NOT erased"  # what the table shows, and what can be changed
# A row without a folded text is ASCII, in which only case folds: RE2 finds it in the texts themselves. Not by its flag for that, with which a `k` may be the
# sign of Kelvin too: four times as slow. Not ILIKE: nothing to escape, and it is twice as quick.
_PATTERN = """array_to_string(list_transform(string_split(folded($search), ''),
    lambda c: CASE WHEN c BETWEEN 'a' AND 'z' THEN '[' || c || upper(c) || ']' ELSE regexp_escape(c) END), '')"""
_FOUND = f"regexp_matches({{text}}, {_PATTERN})"
_SEARCH = f"""CASE WHEN folded IS NULL THEN {_FOUND.format(text="question")} OR coalesce({_FOUND.format(text="answer")}, false)
    ELSE contains(folded, folded($search)) END"""
# Characters: in ASCII they are bytes, which need not be looked at.
CHARS = """CASE WHEN folded IS NULL THEN strlen(question) + coalesce(strlen(answer), 0) ELSE length(question) + coalesce(length(answer), 0) END"""
_MARKED = "position {is_in} (SELECT position FROM mark WHERE dataset = $dataset AND gone IS NULL AND {what})"
_EDITED = "imported_hash IS NOT NULL AND imported_hash <> content_hash"


def matching_sql(filter: RowFilter) -> tuple[str, dict[str, Any]]:
    """A condition on the standing rows of `example` and its named parameters; the caller adds $dataset, which the condition uses too."""
    where, values = [f"dataset = $dataset AND {STANDING}"], dict[str, Any]()
    for sql, given in (*_of_the_row(filter), *_of_what_people_said(filter), *_of_other_tables(filter)):
        where.append(sql)
        values |= given
    if filter.search.strip():  # last, because it reads every text
        where.append(_SEARCH)
        values["search"] = filter.search.strip()
    return " AND ".join(f"({condition})" for condition in where), values


def positions(store: Store, dataset: DatasetId, filter: RowFilter, limit: int | None = None) -> list[int]:
    """Of the rows that match, in the order of the file."""
    matching, values = matching_sql(filter)
    sql = f"SELECT position FROM example WHERE {matching} ORDER BY position" + (f" LIMIT {int(limit)}" if limit is not None else "")
    return [place for (place,) in store.read(None, sql, {**values, "dataset": dataset})]


def count(store: Store, dataset: DatasetId, filter: RowFilter) -> int:
    """How many rows match."""
    matching, values = matching_sql(filter)
    return int(store.read(None, f"SELECT count(*) FROM example WHERE {matching}", {**values, "dataset": dataset})[0][0])


def _of_the_row(filter: RowFilter) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if filter.positions is not None:
        found.append(("position IN (SELECT unnest($positions::BIGINT[]))", {"positions": list(filter.positions)}))
    if filter.label is not None:
        found.append(("answer = $label", {"label": filter.label}))
    if filter.answered is not None:
        found.append(("answer IS NOT NULL" if filter.answered else "answer IS NULL", {}))
    if filter.edited is not None:
        found.append((_EDITED if filter.edited else f"NOT ({_EDITED})", {}))
    if filter.source is not None:
        found.append(("source = $source", {"source": filter.source}))
    if filter.least_chars is not None:
        found.append((f"{CHARS} >= $least_chars", {"least_chars": filter.least_chars}))
    if filter.most_chars is not None:
        found.append((f"{CHARS} <= $most_chars", {"most_chars": filter.most_chars}))
    return found


def _of_what_people_said(filter: RowFilter) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if filter.tag is not None:
        found.append((_MARKED.format(is_in="IN", what="list_contains(tags, $tag)"), {"tag": filter.tag}))
    if filter.review is not None:
        found.append((_MARKED.format(is_in="IN", what="review = $review"), {"review": filter.review.value}))
    if filter.unreviewed:
        found.append((_MARKED.format(is_in="NOT IN", what="review IS NOT NULL"), {}))
    if filter.reviewer is not None:
        found.append((_MARKED.format(is_in="IN", what="reviewer = $reviewer"), {"reviewer": filter.reviewer}))
    return found


def _of_other_tables(filter: RowFilter) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    if filter.part is not None:
        sql = "position IN (SELECT position FROM split_row WHERE split = $split AND part = $part)"
        found.append((sql, {"split": filter.split, "part": filter.part.value}))
    if filter.check is not None:
        one = " AND bundle = $bundle" if filter.bundle is not None else ""
        sql = f'position IN (SELECT position FROM finding WHERE dataset = $dataset AND "check" = $check{one})'
        found.append((sql, {"check": filter.check} | ({"bundle": filter.bundle} if one else {})))
    return found
