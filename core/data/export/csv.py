"""CSV for a spreadsheet: the columns of the dataset's shape, and no cell that a spreadsheet takes for a formula (OWASP, CSV injection)."""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from core.data.export.base import DataFormat, Look, pairs
from core.data.export.rows import ExportRow
from core.data.exported import MARK, WHOLE, columns_of_shape, guarded, own_mapping
from core.data.mapping import Mapping
from core.data.shapes.base import as_text, shape


class Csv(DataFormat):
    """A cell that would be a formula gets an apostrophe before it; the column `bottega_row` tells the import to take it off again."""

    name: ClassVar[str] = "csv"
    label: ClassVar[str] = "CSV, for a spreadsheet"
    suffix: ClassVar[str] = ".csv"

    def cells(self, row: ExportRow, look: Look) -> dict[str, Any]:
        mapping = self.reading(look)
        system, question, answer, _ = pairs(row.messages)
        answers = shape(mapping.shape).answer_role
        values = {column: answer if role == answers else question for role, column in columns_of_shape(look.shape).items()}
        return values | ({"system": system} if "system" in mapping.columns else {})

    def reading(self, look: Look) -> Mapping:
        return _reading(look.shape, look.system)

    def write_file(self, rows: Iterable[dict[str, Any]], target: Path, look: Look) -> None:
        with target.open("w", encoding="utf-8-sig", newline="") as file:  # a spreadsheet takes text without the mark for its country's old encoding
            writer: Any = None
            for values in rows:
                if writer is None:
                    writer = csv.writer(file)
                    writer.writerow([guarded(column) for column in values])
                writer.writerow([f"row {value}" if column == MARK else guarded(as_text(value)) for column, value in values.items()])
            if writer is None:
                csv.writer(file).writerow([MARK, *self.reading(look).columns.values(), *([WHOLE] if look.whole else [])])


@cache
def _reading(shape_name: str, system: bool) -> Mapping:
    found = own_mapping([MARK, *columns_of_shape(shape_name).values(), *(["system"] if system else [])])
    assert found is not None  # the columns are those that an import knows as ours
    return found
