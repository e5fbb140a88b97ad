"""Datasets and their rows: looking at one, changing one, taking a change back."""

import json
from collections.abc import Sequence

from duckdb import DuckDBPyConnection as Connection

from storage import projects
from storage.canonical import canonical, content_hash, question_and_answer, turns_of
from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import Dataset, DatasetFacts, DatasetId, Edit, Example, ExampleId, OwnerId, Part, ProjectId, SplitId
from storage.store import Store
from storage.typed import now, rows_of

EXAMPLE_COLUMNS = (
    "id, dataset, position, messages, question, answer, content_hash, source, row, original, sealed, content_hash <> imported_hash AS edited"
)
_DATASET = "SELECT *, (SELECT count(*) FROM example WHERE dataset = d.id AND gone IS NULL) AS rows FROM dataset d"


def create(
    store: Store, owner: OwnerId, project: ProjectId, name: str, shape: str, columns: Sequence[str], *, id: DatasetId | None = None
) -> Dataset:
    """Empty; rows come with bulk.importing. `columns` are those of the original rows, in order; `id` where the caller told it before."""
    id = id or DatasetId(new_id())
    values = [id, owner, project, name, shape, json.dumps(list(columns), ensure_ascii=False), 0, 0, now()]
    store.write(lambda connection: connection.execute("INSERT INTO dataset VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values))
    return store.read(Dataset, f"{_DATASET} WHERE id = ?", [id])[0]


def of_project(store: Store, project: ProjectId) -> list[Dataset]:
    """Newest first."""
    return store.read(Dataset, f"{_DATASET} WHERE project = ? ORDER BY created_at DESC, id", [project])


def get(store: Store, owner: OwnerId, id: DatasetId) -> Dataset | None:
    """None also when it is another owner's."""
    return next(iter(store.read(Dataset, f"{_DATASET} WHERE id = ? AND owner = ?", [id, owner])), None)


def rename(store: Store, id: DatasetId, name: str) -> None:
    store.write(lambda connection: connection.execute("UPDATE dataset SET name = ? WHERE id = ?", [name, id]))


def delete(store: Store, id: DatasetId) -> None:
    """With its examples, edits, versions and splits. Runs that learned from it keep their rows and lose the trace."""
    store.write(lambda connection: projects.delete_dataset_rows(connection, id))


def get_example(store: Store, owner: OwnerId, id: ExampleId) -> Example | None:
    """As it stands now; None when it is deleted or another owner's."""
    return next(iter(store.read(Example, f"SELECT {EXAMPLE_COLUMNS} FROM example WHERE id = ? AND owner = ? AND gone IS NULL", [id, owner])), None)


def edit(store: Store, actor: OwnerId, example: ExampleId, messages: str) -> Edit:
    """Give a row new messages (JSON). Versions that were frozen before keep the old ones. Raises BadMessages, RowMissing."""
    after = canonical(turns_of(messages))
    return store.write(lambda connection: _change(connection, actor, example, after))


def delete_example(store: Store, actor: OwnerId, example: ExampleId) -> Edit:
    """Take a row out; `undo` brings it back at its place. Raises RowMissing."""
    return store.write(lambda connection: _change(connection, actor, example, None))


def undo(store: Store, actor: OwnerId, dataset: DatasetId) -> Edit | None:
    """Take back the latest change that still stands, whoever made it; None when there is none. The row gets its old content and hash again."""

    def take_back(connection: Connection) -> Edit | None:
        latest = rows_of(Edit, connection.execute("SELECT * FROM edit WHERE dataset = ? AND NOT undone ORDER BY id DESC LIMIT 1", [dataset]))
        if not latest:
            return None
        _replace(connection, latest[0].example, latest[0].before)
        connection.execute("UPDATE edit SET undone = true WHERE id = ?", [latest[0].id])
        return _edit(connection, latest[0].id)

    return store.write(take_back)


def history(store: Store, dataset: DatasetId, example: ExampleId | None = None, limit: int = 1000) -> list[Edit]:
    """Changes of a dataset, or of one of its rows, newest first."""
    sql = "SELECT * FROM edit WHERE dataset = ? AND (example = ? OR ? IS NULL) ORDER BY id DESC LIMIT ?"
    return store.read(Edit, sql, [dataset, example, example, limit])


def label_counts(store: Store, dataset: DatasetId, part: Part | None = None, split: SplitId | None = None) -> list[tuple[str, int]]:
    """How often each answer stands, most frequent first; of a split's part when both are given. Rows without an answer are not counted."""
    if part is None or split is None:
        sql = "SELECT answer, count(*) FROM example WHERE dataset = ? AND gone IS NULL AND answer IS NOT NULL GROUP BY answer ORDER BY 2 DESC, 1"
        return [(label, count) for label, count in store.read(None, sql, [dataset])]
    from storage.bulk.splitting import split_counts

    return [(count.label, count.rows) for count in split_counts(store, split) if count.part is part]


def facts(store: Store, dataset: DatasetId) -> DatasetFacts:
    """Of the rows as they stand."""
    sql = """
        SELECT count(*) AS rows, count(answer) AS answered, count(DISTINCT answer) AS labels, count(*) FILTER (sealed) AS sealed,
               count(*) - count(DISTINCT question_key) AS duplicates, count(*) FILTER (content_hash <> imported_hash) AS edited,
               coalesce(median(length(question)), 0)::BIGINT AS median_question_chars, coalesce(max(length(question)), 0) AS max_question_chars,
               coalesce(max(length(answer)), 0) AS max_answer_chars
        FROM example WHERE dataset = ? AND gone IS NULL
    """
    return store.read(DatasetFacts, sql, [dataset])[0]


def _change(connection: Connection, actor: OwnerId, example: ExampleId, after: str | None) -> Edit:
    found = connection.execute("SELECT dataset, owner, messages FROM example WHERE id = ? AND gone IS NULL", [example]).fetchall()
    if not found:
        raise RowMissing("example", example)
    dataset, owner, before = found[0]
    number = int(connection.execute("SELECT coalesce(max(id), 0) + 1 FROM edit").fetchall()[0][0])
    _replace(connection, example, after)
    connection.execute("INSERT INTO edit VALUES (?, ?, ?, ?, ?, ?, ?, ?, false)", [number, owner, dataset, example, actor, now(), before, after])
    return _edit(connection, number)


def _replace(connection: Connection, example: ExampleId, messages: str | None) -> None:
    """End the example's latest state and, unless `messages` is None, begin another with the same id and place."""
    latest = connection.execute("SELECT dataset, max(born) FROM example WHERE id = ? GROUP BY dataset", [example]).fetchall()
    if not latest:
        raise RowMissing("example", example)
    dataset, born = latest[0]
    connection.execute("UPDATE dataset SET change = change + 1 WHERE id = ?", [dataset])
    change = connection.execute("SELECT change FROM dataset WHERE id = ?", [dataset]).fetchall()[0][0]
    connection.execute("UPDATE example SET gone = ? WHERE id = ? AND gone IS NULL", [change, example])
    if messages is None:
        return
    question, answer = question_and_answer(turns_of(messages))
    sql = """
        INSERT INTO example
        SELECT id, owner, dataset, position, $messages, $question, $answer, $hash, imported_hash, source, row, original, sealed,
               question_key(folded($question)), folded($question) || ' ' || folded(coalesce($answer, '')), $change, NULL
        FROM example WHERE id = $example AND born = $born
    """
    values = {"messages": messages, "question": question, "answer": answer, "hash": content_hash(messages)}
    connection.execute(sql, {**values, "change": change, "example": example, "born": born})


def _edit(connection: Connection, number: int) -> Edit:
    return rows_of(Edit, connection.execute("SELECT * FROM edit WHERE id = ?", [number]))[0]
