"""The child that does to new rows what was done to the older ones: mends by their checks, replacements, deletions, in the order in which they were done."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.doctor.base import CheckContext, How, NotChecked, check, mend_of
from core.data.doctor.job import found_by
from core.data.doctor.rows import Rows
from core.data.replay import Deed, Doing
from core.data.rewriting import ROLES, answering, matches, replacing
from core.updating.settings import EDITS_FILE, NEAR_FILE, PREPARED_FILE, ROWS_FILE, Prepared, PrepareSettings
from storage.canonical import canonical_text, question_and_answer, turns_of
from storage.files import write_atomically
from storage.rows import Found

if TYPE_CHECKING:
    import pyarrow as pa

    from core.jobs.handle import ChildJob

_COLUMNS = ("position", "messages", "question", "answer", "part", "sealed")


def main(job: "ChildJob") -> None:
    """Announces edits.parquet, near.parquet where it was asked for, and prepared.json."""
    settings = PrepareSettings.model_validate(job.spec.settings)
    made = NewRows.of(job.input(ROWS_FILE), settings.first, labelled=settings.labelled)
    touched = []
    for number, deed in enumerate(settings.deeds):
        job.check_stop()
        job.progress(number / len(settings.deeds), "update.preparing", "Cleaning the new rows as the older ones were cleaned")
        touched.append(made.do(deed))
    edits = made.write_edits(job.folder / EDITS_FILE)
    prepared = Prepared(touched=tuple(touched), edits=edits)
    write_atomically(job.folder / PREPARED_FILE, prepared.model_dump_json().encode())
    if settings.near:
        job.progress(0.9, "update.near", "Looking for rows that are nearly the same")
        made.write_near(job.folder / NEAR_FILE)
    for name, file in (("edits", EDITS_FILE), *((("near", NEAR_FILE),) if settings.near else ()), ("prepared", PREPARED_FILE)):
        job.artefact(name, job.folder / file)


class NewRows:
    """The rows from a position on, with the older ones beside them, as some checks look at both."""

    def __init__(self, older: "pa.Table", newer: list[dict[str, Any]], *, labelled: bool) -> None:
        self._older, self._labelled = older, labelled
        self._rows = {row["position"]: row for row in newer}
        self._first = {row["position"]: row["messages"] for row in newer}

    @classmethod
    def of(cls, path: Path, first: int, *, labelled: bool) -> "NewRows":
        """Of a file that storage.bulk.writing.write_current wrote."""
        from pyarrow import compute, parquet

        table = parquet.read_table(path, columns=list(_COLUMNS))
        new = compute.greater_equal(table["position"], first)
        return cls(table.filter(compute.invert(new)), table.filter(new).to_pylist(), labelled=labelled)

    def do(self, deed: Deed) -> int:
        """Returns how many new rows it changed or took out. A check that can say nothing of these rows changes none."""
        if deed.doing is Doing.MEND:
            return self._mend(deed)
        meant = [place for place, row in self._rows.items() if matches(row["question"], row["answer"], deed.filter)]
        if deed.doing is Doing.DELETE:
            return self._take_out(meant)
        found = replacing(deed.find or "", deed.replace, roles=ROLES[deed.where], match_case=deed.match_case)
        rewritten = found if deed.answer is None else answering(deed.answer)
        return sum(self._write(place, rewritten(self._rows[place]["messages"])) for place in meant)

    def write_edits(self, path: Path) -> int:
        """Columns position and messages (NULL: the row is taken out) of the rows that are another now; returns how many."""
        import pyarrow as pa
        from pyarrow import parquet

        now = {place: row["messages"] for place, row in self._rows.items()}
        edits = [(place, now.get(place)) for place, was in self._first.items() if now.get(place) != was]
        schema = pa.schema([("position", pa.int64()), ("messages", pa.string())])
        columns = [[place for place, _ in edits], [messages for _, messages in edits]]
        parquet.write_table(pa.table(columns, schema=schema), path, compression="zstd")
        return len(edits)

    def write_near(self, path: Path) -> None:
        """Columns position and bundle of the older and the new rows that belong on one side of a split, as the check-up finds them."""
        import numpy as np
        import pyarrow as pa
        from pyarrow import parquet

        rows = Rows(self._table())
        bundle = CheckContext(rows, labelled=self._labelled).alike.bundle
        inside = np.flatnonzero(bundle >= 0)
        parquet.write_table(pa.table({"position": np.asarray(rows.positions, np.int64)[inside], "bundle": bundle[inside]}), path, compression="zstd")

    def _mend(self, deed: Deed) -> int:
        chosen = check(deed.check)
        how, rows = mend_of(chosen, deed.how).how, Rows(self._table())
        try:
            found = list(found_by(chosen, rows, CheckContext(rows, labelled=self._labelled)))
        except NotChecked:
            return 0
        if how is How.KEEP_ONE:
            return self._take_out(self._repeated(found))
        if how is How.TAKE_OUT:
            return self._take_out({one.position for one in found})
        repairs = {one.position: one.repair for one in reversed(found) if one.repair is not None}  # of two findings of a row the first counts
        return sum(self._write(place, repair) for place, repair in repairs.items() if place in self._rows)

    def _table(self) -> "pa.Table":
        import pyarrow as pa

        newer = pa.Table.from_pylist(list(self._rows.values()), schema=self._older.schema)
        return pa.concat_tables([self._older, newer])

    def _repeated(self, found: Sequence[Found]) -> list[int]:
        """All but one of each bundle: an older row stays before a new one."""
        stays: dict[int, int] = {}
        for one in found:
            stays[one.bundle] = min(stays.get(one.bundle, one.position), one.position)
        return [one.position for one in found if one.position != stays[one.bundle]]

    def _take_out(self, places: Iterable[int]) -> int:
        return sum(self._rows.pop(place, None) is not None for place in places)

    def _write(self, place: int, messages: str) -> bool:
        """Whether the row is another now."""
        after, row = canonical_text(messages), self._rows[place]
        if after == row["messages"]:
            return False
        question, answer = question_and_answer(turns_of(after))
        self._rows[place] = {**row, "messages": after, "question": question, "answer": answer}
        return True
