"""JSON Lines as rows of the store: whether every line of a file is one that can be, and the SQL that makes them so. The child asks, the store inserts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.bulk.deriving import Derived, Room, RowPlan, Watch, answered, database, derived, is_fine, name_of, rest_of, watched, why
from storage.bulk.text_sql import folded_of, in_quotes, is_flat, rest_is_safe

_CELLS = "cells_of_line"  # a name that no column has


@dataclass(frozen=True)
class Lines:
    """A file of lines that was found to be good, cut into parts, in its order: the name of each and how many rows it has. `plain`: every line is what
    its cells say, letter by letter, and none has a letter that Python and the database escape differently."""

    plan: RowPlan
    parts: tuple[tuple[str, int], ...]
    plain: bool

    @property
    def rows(self) -> int:
        return sum(rows for _, rows in self.parts)


def check_lines(parts: Sequence[Path], plan: RowPlan, room: Room, watch: Watch | None = None) -> tuple[Derived, Lines]:
    """One JSON object a line, UTF-8, the file cut into parts. Raises Irregular where one is no row that `rows_of_lines` makes, Interrupted."""
    files = f"[{', '.join(in_quotes(str(part)) for part in parts)}]"
    rows = _cells_of(plan, f"SELECT file_index AS place, json FROM read_json_objects({files}, {_reading(plan)})", checked=True)
    plain = f"CASE WHEN {is_fine(plan)} THEN exact AND NOT odd AND answer IS NOT DISTINCT FROM cell ELSE error('irregular row')::BOOLEAN END"
    sql = f"""
        SELECT place, count(*), min(answer), max(answer), count(*) FILTER (answer IS NULL), count(*) FILTER ({plain}) FROM ({answered(rows, plan)}) GROUP BY place
    """
    try:
        with database(room, parts, parts[0].parent) as connection, watched(connection, watch):
            found = connection.execute(sql).fetchall()
            counts = {row[0]: row[1] for row in found}
            answers = [answer for row in found for answer in row[2:4] if answer is not None]
            total, waiting, exact = (sum(row[at] for row in found) for at in (1, 4, 5))
            lines = Lines(plan, tuple((part.name, counts.get(at, 0)) for at, part in enumerate(parts)), exact == total)
            columns = plan.columns if lines.plain else _columns_of(connection, parts[0].parent, lines)
            least = min(answers, default=None)
            return Derived(int(total), columns, least, least == max(answers, default=None), int(waiting)), lines
    except (duckdb.Error, OSError) as error:
        raise why(error) from error


def rows_of_lines(folder: Path, lines: Lines) -> str:
    """SQL of all that the store keeps of these rows, and their `place`, which counts from 1."""
    if not lines.plain:
        return derived(answered(_cells_of(lines.plan, _numbered(folder, lines), checked=False), lines.plan), place="place,")
    plan, places = lines.plan, _places(lines.plan)
    kinds = ", ".join(f"{in_quotes(column)}: '{kind}'" for column, kind in _kinds(plan).items())
    cells = f"{places[plan.question]} AS question, {places.get(plan.answer or '', 'NULL::VARCHAR')} AS answer, {rest_of(plan, _as_json(plan).__getitem__)} AS original"
    parts = " UNION ALL ".join(
        f"SELECT {first} + row_number() OVER () AS place, {cells} FROM read_json({file}, columns = {{{kinds}}}, {_reading(plan)}) {_CELLS}"
        for first, file in _firsts(folder, lines)
    )
    return f"""
        SELECT place, question, answer, NULL::VARCHAR AS messages, row_hash(NULL, question, answer) AS content_hash, original, true AS form,
               {folded_of("question", "answer")} AS folded
        FROM ({parts})
    """


def _numbered(folder: Path, lines: Lines) -> str:
    return " UNION ALL ".join(
        f"SELECT {first} + row_number() OVER () AS place, json FROM read_json_objects({file}, {_reading(lines.plan)})"
        for first, file in _firsts(folder, lines)
    )


def _firsts(folder: Path, lines: Lines) -> list[tuple[int, str]]:
    """How many rows stand before each part, and the part, in quotes."""
    found, before = [], 0
    for name, rows in lines.parts:
        found.append((before, in_quotes(str(folder / name))))
        before += rows
    return found


def _reading(plan: RowPlan) -> str:
    return f"format = 'newline_delimited', compression = 'none', maximum_object_size = {2 * plan.line_bytes + (1 << 20)}"


def _kinds(plan: RowPlan) -> dict[str, str]:
    return {column: "VARCHAR" if column in (plan.question, plan.answer) else "JSON" for column in plan.columns}


def _places(plan: RowPlan) -> dict[str, str]:
    return {column: f"{_CELLS}.{name_of(column)}" for column in plan.columns}


def _cells_of(plan: RowPlan, lines: str, *, checked: bool) -> str:
    """From place and json to the cells of a line, and whether it is no more than these."""
    places, (before, after) = _places(plan), _around_question(plan)
    # Each level names what the next one uses more than once: DuckDB works out an expression wherever it stands, and all sides of an AND.
    # In a line without a backslash nothing is escaped: what a text is in JSON differs from it by two quotes.
    exact = f"""
        SELECT * EXCLUDE (before, "after", exact), coalesce(exact, false) AS exact
        FROM (SELECT *, starts_with(json, before) AND ends_with(json, "after")
                        AND strlen(json) = strlen(before) + coalesce(strlen(q), strlen(question) + 2) + strlen("after")
                        AND strlen(json) <= {plan.line_bytes} AND {_bare_is_plain(plan)} AS exact
        FROM (SELECT *, {before} AS before, {after} AS "after"
        FROM (SELECT *, CASE WHEN contains(json, '\\') THEN to_json(question)::VARCHAR END AS q, to_json(cell)::VARCHAR AS written,
                     {rest_of(plan, _as_json(plan).__getitem__)} AS rest
        FROM (SELECT place, json, {_CELLS}, {_CELLS} IS NOT NULL AS whole, {places[plan.question]} AS question, {places.get(plan.answer or "", "NULL::VARCHAR")} AS cell
        FROM (SELECT place, json, json_transform(json, {in_quotes(json.dumps(_kinds(plan), ensure_ascii=False))}) AS {_CELLS} FROM ({lines}))))))
    """
    usable = f"CASE WHEN exact THEN CASE WHEN {rest_is_safe('rest')} THEN true ELSE {_is_sound(plan)} END ELSE {_is_sound(plan)} END"
    return f"SELECT place, json AS line, question, cell, rest, q, exact{f', {usable} AS usable' if checked else ''} FROM ({exact})"


def _as_json(plan: RowPlan) -> dict[str, str]:
    return {column: f"coalesce({place}::VARCHAR, 'null')" for column, place in _places(plan).items()}


def _around_question(plan: RowPlan) -> tuple[str, str]:
    """What stands before and after the question in a line that is what its cells say, letter by letter.

    Such a line has no other field, none twice, and nothing that only DuckDB takes for JSON. The question itself is only measured: between what must
    stand before and after it nothing else of its length can stand.
    """
    parts: tuple[list[str], list[str]] = (["'{'"], [])
    side = 0
    for number, (column, cell) in enumerate(_as_json(plan).items()):
        parts[side].append(in_quotes((plan.comma if number else "") + json.dumps(column, ensure_ascii=False) + plan.colon))
        if column == plan.question:
            side = 1
        elif column == plan.answer:
            parts[side].append("cell" if plan.bare_answers else "written")
        else:
            parts[side].append(cell)
    return " || ".join(parts[0]), " || ".join([*parts[1], "'}'"])


def _bare_is_plain(plan: RowPlan) -> str:
    return "regexp_full_match(cell, 'true|false|-?[0-9]{1,18}')" if plan.bare_answers and plan.answer is not None else "true"


def _is_sound(plan: RowPlan) -> str:
    """Of a line that is not exact: an object that Python reads the same way, with texts for question and answer."""
    texts = f"json_type(json, {_path(plan.question)}) = 'VARCHAR'"
    if plan.answer is not None:
        kinds = "('VARCHAR', 'NULL')" if plan.unanswered else "('VARCHAR')"
        texts += f" AND coalesce(json_type(json, {_path(plan.answer)}), 'NULL') IN {kinds}"
    return f"""(whole AND json_type(json) = 'OBJECT' AND len(json_keys(json)) = len(list_distinct(json_keys(json))) AND len(json_keys(json)) <= 1000
        AND {texts} AND strlen(json) <= {plan.line_bytes} AND NOT contains(json, chr(13)) AND {is_flat("json")}
        AND NOT regexp_matches(json, ',[ \\t]*[}}\\]]|[:,\\[][ \\t]*-?(NaN|Infinity)|[0-9]{{900}}', 'i'))"""


def _path(column: str) -> str:
    return in_quotes(f'$."{column}"')


def _columns_of(connection: Connection, folder: Path, lines: Lines) -> tuple[str, ...]:
    """All that occur, in the order of the first row that has each."""
    rows = f"SELECT place, line, coalesce(exact, false) AS exact FROM ({_cells_of(lines.plan, _numbered(folder, lines), checked=False)})"
    first = connection.execute(f"SELECT min(place) FROM ({rows}) WHERE exact").fetchall()[0][0]
    places = {} if first is None else {column: (first, at) for at, column in enumerate(lines.plan.columns)}
    sql = f"""
        SELECT name, min(seen) FROM (
            SELECT unnest(json_keys(line)) AS name, [place, generate_subscripts(json_keys(line), 1) - 1] AS seen FROM ({rows}) WHERE NOT exact
        ) GROUP BY name
    """
    for name, place in connection.execute(sql).fetchall():
        places[name] = min((place[0], place[1]), places.get(name, (place[0], place[1])))
    return tuple(sorted(places, key=lambda name: places[name]))
