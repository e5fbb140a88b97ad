"""Rows of a whole file at once, with all that the store keeps of them (hash, key, folded text), by DuckDB in memory: for children, without a store.

Only what is surely what the row-by-row way would make of it is taken; the first row that is not so ends the try with Irregular, and nothing is left.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from duckdb import DuckDBPyConnection as Connection

from storage.bulk.text_sql import escaped, folded_of, in_quotes, is_blank, stripped

if TYPE_CHECKING:
    import pyarrow as pa

Cell = Callable[[str], str]
Watch = Callable[[float], bool]  # told the share that is done; answers whether to go on
_ASK_EVERY_S = 0.5
# Read once, at once: not compressed, no dictionary of texts that are all different. The store takes a whole group into memory, for each of its threads.
_PLAIN = "COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1, ROW_GROUP_SIZE 20480"
_MESSAGES = (
    """'[{"content":' || asked || ',"role":"user"}' || CASE WHEN said IS NULL THEN ']' ELSE ',{"content":' || said || ',"role":"assistant"}]' END"""
)
_MACRO = re.compile(r"^CREATE (?:OR REPLACE )?MACRO (\w+)(.*?);$", re.MULTILINE | re.DOTALL)


class Irregular(Exception):
    """A row, or the file, that only the row-by-row way can judge."""


class Interrupted(Exception):
    """Whoever watched wanted no more."""


@dataclass(frozen=True)
class RowPlan:
    """Columns in the order in which the first row has them, and which of them are the question and the answer.

    `stripped`: the answer loses the blanks around it. `unanswered`: a row may have no answer. `bare_answers`: the first answers are numbers, true or
    false. `comma` and `colon` are how the first line writes them. `line_bytes` is how long a row may be.
    """

    columns: tuple[str, ...]
    question: str
    answer: str | None
    stripped: bool = False
    unanswered: bool = False
    bare_answers: bool = False
    comma: str = ", "
    colon: str = ": "
    line_bytes: int = 1_000_000

    @property
    def form(self) -> str:
        """As the store keeps it: which columns `original` lacks because question and answer are kept anyway."""
        kept = {"question": self.question}
        return json.dumps(kept if self.answer is None or self.bare_answers else kept | {"answer": self.answer}, ensure_ascii=False)


@dataclass(frozen=True)
class Room:
    """What the database in memory may use; `folder` is where it may put things aside, and nothing else is written."""

    folder: Path
    memory_bytes: int = 400 << 20
    temporary_bytes: int = 2 << 30
    threads: int = 2


@dataclass(frozen=True)
class Derived:
    """`columns` are all that occur, in the order of their first row. `answer` is one of the answers, `all_equal` whether there is no other."""

    rows: int
    columns: tuple[str, ...]
    answer: str | None
    all_equal: bool
    waiting: int


def derive_table(batches: "pa.RecordBatchReader", target: Path, plan: RowPlan, room: Room, watch: Watch | None = None) -> Derived:
    """A table with the columns c0, c1 … in the plan's order, which hold texts, whole numbers, true and false; question and answer are texts. Raises
    Irregular, Interrupted."""
    places = {column: f"c{at}" for at, column in enumerate(plan.columns)}
    cells = {column: f"coalesce(to_json({place})::VARCHAR, 'null')" for column, place in places.items()}
    whole = " || ',' || ".join(f"{in_quotes(json.dumps(column, ensure_ascii=False) + ':')} || {cell}" for column, cell in cells.items())
    size = " + ".join(f"coalesce(strlen({place}::VARCHAR), 0)" for place in places.values())
    sql = f"""
        SELECT *, {size} <= {plan.line_bytes} AND NOT contains(rest, '\\u0000') AS usable, '{{' || {whole} || '}}' AS line
        FROM (SELECT *, {places[plan.question]} AS question, {places.get(plan.answer or "", "NULL::VARCHAR")} AS cell, true AS exact,
                     to_json({places[plan.question]})::VARCHAR AS q, {rest_of(plan, lambda column: cells[column])} AS rest FROM batches)
    """
    try:
        with database(room, (), target.parent) as connection, watched(connection, watch):
            connection.register("batches", batches)
            rows = (
                f"SELECT * REPLACE (CASE WHEN {is_fine(plan)} THEN question ELSE error('irregular row') END AS question) FROM ({answered(sql, plan)})"
            )
            copied = f"COPY ({derived(rows)}) TO {in_quotes(str(target))} (FORMAT parquet, {_PLAIN})"
            connection.execute(copied)
            return _seen(connection, target, plan)
    except (duckdb.Error, OSError) as error:
        target.unlink(missing_ok=True)
        raise why(error) from error


def why(error: Exception) -> Irregular | Interrupted:
    return Interrupted() if isinstance(error, duckdb.InterruptException) else Irregular(str(error).splitlines()[0])


@contextmanager
def watched(connection: Connection, watch: Watch | None) -> Iterator[None]:
    """Ask `watch` twice a second how it goes on, from another thread; the work is interrupted once it answers no."""
    if watch is None:
        yield
        return
    ended = threading.Event()

    def ask() -> None:
        while not ended.wait(_ASK_EVERY_S):
            if not watch(min(max(connection.query_progress(), 0.0) / 100, 0.99)):
                connection.interrupt()

    thread = threading.Thread(target=ask, name="bulk-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def database(room: Room, files: Sequence[Path], folder: Path) -> Connection:
    """In memory, with the store's own macros, able to reach nothing but these files and the folder that it writes into."""
    connection = duckdb.connect(":memory:", config={
        "memory_limit": f"{room.memory_bytes >> 20}MiB", "threads": room.threads, "temp_directory": str(room.folder / "aside"),
        "max_temp_directory_size": f"{room.temporary_bytes >> 20}MiB", "autoload_known_extensions": False, "autoinstall_known_extensions": False,
        "python_enable_replacements": False})  # fmt: skip
    for macro in _macros():
        connection.execute(macro)
    if files:
        connection.execute(f"SET allowed_paths = [{', '.join(in_quotes(str(file)) for file in files)}]")
    connection.execute(f"SET allowed_directories = [{in_quotes(str(folder) + '/')}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _macros() -> list[str]:
    """As the schema declares them, the latest of each name."""
    found: dict[str, str] = {}
    for file in sorted(resources.files("storage").joinpath("schema").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".sql"):
            found |= {match[1]: f"CREATE MACRO {match[1]}{match[2]}" for match in _MACRO.finditer(file.read_text(encoding="utf-8"))}
    return list(found.values())


def answered(sql: str, plan: RowPlan) -> str:
    """From question, cell and q (the question as JSON, or NULL where that only adds the quotes) to the answer, a (as JSON, where q is there), and what
    the letters are: `odd` may be escaped as Python does not."""
    answer = stripped("cell") if plan.stripped else "cell"
    if plan.unanswered:
        answer = f"CASE WHEN {is_blank('cell')} THEN NULL ELSE {answer} END"
    return f"""
        SELECT *, CASE WHEN odd THEN contains(q, '\\u0000') OR contains(coalesce(a, ''), '\\u0000') ELSE false END AS nul
        FROM (SELECT *, CASE WHEN q IS NULL THEN false
                             WHEN strlen(q) <> strlen(question) + 2 OR strlen(a) <> strlen(answer) + 2 THEN contains(q, '\\u00') OR contains(coalesce(a, ''), '\\u00')
                             ELSE false END AS odd
        FROM (SELECT *, CASE WHEN q IS NOT NULL THEN to_json(answer)::VARCHAR END AS a FROM (SELECT *, {answer} AS answer FROM ({sql}))))
    """


def is_fine(plan: RowPlan) -> str:
    """Of a row of `answered` that has `usable`."""
    no_answer = "false" if plan.unanswered else is_blank("cell")
    return f"CASE WHEN NOT coalesce(usable, false) THEN false WHEN {is_blank('question')} THEN false WHEN {no_answer} THEN false ELSE NOT nul END"


def derived(rows: str, *, place: str = "") -> str:
    """From `answered`, rest, exact and line to what the store keeps."""
    return f"""
        SELECT {place} question, answer, messages, row_hash(messages, question, answer) AS content_hash,
               CASE WHEN compact THEN rest ELSE line END AS original, compact AS form, {folded_of("question", "answer")} AS folded
        FROM (SELECT *, CASE WHEN odd THEN CASE WHEN asked <> q OR said <> a THEN {_MESSAGES} END END AS messages
        FROM (SELECT *, CASE WHEN odd THEN {escaped("q")} END AS asked, CASE WHEN odd THEN {escaped("a")} END AS said,
                     exact AND answer IS NOT DISTINCT FROM cell AS compact FROM ({rows})))
    """


def rest_of(plan: RowPlan, value: Cell) -> str:
    """The row as JSON without question and answer."""
    kept = (plan.question, None if plan.bare_answers else plan.answer)
    others = [column for column in plan.columns if column not in kept]
    cells = " || ',' || ".join(f"{in_quotes(json.dumps(column, ensure_ascii=False) + ':')} || {value(column)}" for column in others)
    return f"'{{' || {cells} || '}}'" if others else "'{}'"


def _seen(connection: Connection, target: Path, plan: RowPlan) -> Derived:
    """What came out, from the file that was written."""
    file = f"read_parquet({in_quotes(str(target))}, file_row_number = true)"
    sql = f"SELECT count(*), min(answer), max(answer), count(*) FILTER (answer IS NULL), count(*) FILTER (form), min(file_row_number) FILTER (form) FROM {file}"
    rows, least, most, waiting, compact, first = connection.execute(sql).fetchall()[0]
    columns: Sequence[str] = plan.columns
    if compact < rows:
        places = {column: (first, at) for at, column in enumerate(plan.columns)} if compact else {}
        sql = f"""
            SELECT name, min(place) FROM (
                SELECT unnest(json_keys(original)) AS name, [file_row_number, generate_subscripts(json_keys(original), 1) - 1] AS place
                FROM {file} WHERE NOT form
            ) GROUP BY name
        """
        for name, place in connection.execute(sql).fetchall():
            places[name] = min((place[0], place[1]), places.get(name, (place[0], place[1])))
        columns = sorted(places, key=lambda name: places[name])
    return Derived(int(rows), tuple(columns), least, least == most, int(waiting))


def name_of(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'
