"""Datasets and their rows: looking at one, changing one, taking a change back."""

import json
from collections.abc import Sequence

from duckdb import DuckDBPyConnection as Connection

from storage import changes, projects
from storage.bulk import changing
from storage.bulk.filtering import STANDING
from storage.bulk.keys import KEY
from storage.errors import RowMissing
from storage.ids import new_id
from storage.rows import Change, Dataset, DatasetFacts, DatasetId, Example, ExampleId, JobId, OwnerId, Part, ProjectId, RowEdit, SplitId
from storage.store import Store
from storage.typed import now

EXAMPLE_COLUMNS = (
    "id, dataset, position, whole_messages(messages, question, answer) AS messages, question, answer, content_hash, source, row, "
    "whole_original(original, form, question, answer) AS original, sealed, imported_hash IS NOT NULL AND imported_hash <> content_hash AS edited"
)
_DATASET = f"SELECT *, (SELECT count(*) FROM example WHERE dataset = d.id AND {STANDING}) AS rows FROM dataset d"


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


def is_of(store: Store, owner: OwnerId, id: DatasetId) -> bool:
    """Whether it is there and theirs, without counting its rows: on a million that is most of what a page of them costs."""
    return bool(store.read(None, "SELECT 1 FROM dataset WHERE id = ? AND owner = ?", [id, owner]))


def rename(store: Store, id: DatasetId, name: str) -> None:
    store.write(lambda connection: connection.execute("UPDATE dataset SET name = ? WHERE id = ?", [name, id]))


def delete(store: Store, id: DatasetId, jobs: Sequence[JobId] = ()) -> None:
    """With its examples, edits, versions and splits, and with these `jobs`, whose folders are the caller's to remove. Runs that learned from it stay and
    lose the trace."""

    def remove(connection: Connection) -> None:
        projects.delete_dataset_rows(connection, id)
        projects.delete_jobs(connection, jobs)

    store.write(remove)


def get_example(store: Store, owner: OwnerId, id: ExampleId) -> Example | None:
    """As it stands now; None when it is deleted, erased or another owner's."""
    return next(iter(store.read(Example, f"SELECT {EXAMPLE_COLUMNS} FROM example WHERE id = ? AND owner = ? AND {STANDING}", [id, owner])), None)


def edit(store: Store, actor: OwnerId, example: ExampleId, messages: str, what: str = changes.A_ROW_WAS_CHANGED) -> Change:
    """Give a row new messages (JSON). Versions that were frozen before keep the old ones. Raises BadMessages, RowMissing, NothingChanged."""
    return store.write(lambda connection: changing.apply(store, actor, *_place(connection, example, messages), kind="edit", what=what))


def delete_example(store: Store, actor: OwnerId, example: ExampleId, what: str = changes.A_ROW_WAS_CHANGED) -> Change:
    """Take a row out; `changes.undo` brings it back at its place. Raises RowMissing."""
    return store.write(lambda connection: changing.apply(store, actor, *_place(connection, example, None), kind="delete", what=what))


def label_counts(store: Store, dataset: DatasetId, part: Part | None = None, split: SplitId | None = None) -> list[tuple[str, int]]:
    """How often each answer stands, most frequent first; of a split's part when both are given. Rows without an answer are not counted."""
    if part is None or split is None:
        sql = f"SELECT answer, count(*) FROM example WHERE dataset = ? AND {STANDING} AND answer IS NOT NULL GROUP BY answer ORDER BY 2 DESC, 1"
        return [(label, count) for label, count in store.read(None, sql, [dataset])]
    from storage.bulk.splitting import split_counts

    return [(count.label, count.rows) for count in split_counts(store, split) if count.part is part]


def facts(store: Store, dataset: DatasetId) -> DatasetFacts:
    """Of the rows as they stand."""
    sql = f"""
        SELECT count(*) AS rows, count(answer) AS answered, count(DISTINCT answer) AS labels, count(*) FILTER (sealed) AS sealed,
               count(*) - count(DISTINCT {KEY}) AS duplicates, count(*) FILTER (imported_hash IS NOT NULL AND imported_hash <> content_hash) AS edited,
               coalesce(median(length(question)), 0)::BIGINT AS median_question_chars, coalesce(max(length(question)), 0) AS max_question_chars,
               coalesce(max(length(answer)), 0) AS max_answer_chars
        FROM example WHERE dataset = ? AND {STANDING}
    """
    return store.read(DatasetFacts, sql, [dataset])[0]


def _place(connection: Connection, example: ExampleId, messages: str | None) -> tuple[DatasetId, tuple[RowEdit]]:
    found = connection.execute(f"SELECT dataset, position FROM example WHERE id = ? AND {STANDING}", [example]).fetchall()
    if not found:
        raise RowMissing("example", example)
    return found[0][0], (RowEdit(found[0][1], messages),)
