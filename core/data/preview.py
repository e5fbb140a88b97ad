"""What was understood of a file, from its first megabyte: shown before anything is imported, so that a person can set it right."""

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from core.data.exported import own_mapping
from core.data.limits import LIMITS, Limits
from core.data.mapping import READ_AS, Mapping
from core.data.readers.base import NoRows
from core.data.reading import cells, check_columns, columns_of, example_of, records, understand
from core.data.records import Fault, Record
from core.data.shapes.base import shape, shapes
from core.data.source import in_words, open_source
from core.errors import UserError
from core.sentence import Sentence
from storage.rows import NewExample

_SHOWN_ROWS = 5
_CELL_CHARS = 500


class UnreadableStart(UserError):
    """Not one of the first rows is a row."""

    sentence = "None of the first {rows} rows of {file} can be read. {what} Nothing was imported."

    def __init__(self, *, file: str, rows: int, what: Sentence) -> None:
        super().__init__(file=file, rows=rows, what=what)


@dataclass(frozen=True)
class Preview:
    """`rows` and `understood` are the first rows as cells and as the examples that `mapping` makes of them. `guessed` says that the mapping is ours;
    `mapping` is None where no shape fits. `rows_seen` counts the rows looked at, `whole_file` says whether these are all. `problems` are faults
    among them, `notes` are things worth knowing. `sheets` and `units` are what a person can choose from."""

    file: str
    size_bytes: int
    format: str
    encoding: str
    delimiter: str | None
    header: bool | None
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    mapping: Mapping | None
    guessed: bool
    understood: tuple[NewExample, ...]
    labels: tuple[tuple[str, int], ...]
    rows_seen: int
    whole_file: bool
    problems: tuple[Sentence, ...]
    notes: tuple[Sentence, ...] = ()
    sheet: str | None = None
    sheets: tuple[str, ...] = ()
    separator: str | None = None
    unit: str | None = None
    units: tuple[str, ...] = ()


def preview(path: Path, file: str, mapping: Mapping | None = None, *, limits: Limits = LIMITS) -> Preview:
    """Raises a UserError where the file cannot be read at all."""
    source = open_source(path, file, encoding=mapping.encoding if mapping else None, limits=limits, preview=True)
    reader, understood = understand(source, mapping)
    found = list(islice(records(source, mapping), limits.preview_rows + 1))
    whole = not source.capped and len(found) <= limits.preview_rows
    torn = source.capped and len(found) <= limits.preview_rows and reader.name != "json"  # a list leaves its torn last row out itself
    found = found[: len(found) - 1] if torn else found[: limits.preview_rows]
    if source.capped and not found:
        size = in_words(limits.preview_bytes)
        raise UnreadableStart(
            file=file,
            rows=1,
            what=Sentence("first_row_too_long", "The first row is longer than {size}; perhaps a quote is not closed.", {"size": size}),
        )
    good = [item for item in found if isinstance(item, Record)]
    faults = [item for item in found if isinstance(item, Fault)]
    if not good and faults and faults[0].ends is not None:
        raise faults[0].ends
    if not good:
        raise UnreadableStart(file=file, rows=len(found), what=faults[0].sentence) if faults else NoRows(file=file)
    columns = columns_of(good)
    chosen = mapping if mapping is not None and mapping.shape else _as_said(guess(columns, good), mapping)
    made: list[NewExample] = []
    if chosen is not None:
        kind = shape(chosen.shape)
        check_columns(chosen, kind, columns, file)
        for record in good:
            outcome = example_of(record, chosen, kind, file)
            if isinstance(outcome, Fault):
                faults.append(outcome)
            else:
                made.append(outcome)
    labels = (
        Counter(example.answer for example in made if example.answer is not None)
        if chosen is not None and chosen.shape == "text_label"
        else Counter()
    )
    shown = tuple({column: cell[:_CELL_CHARS] for column, cell in cells(record).items()} for record in good[:_SHOWN_ROWS])
    return Preview(
        file=file, size_bytes=path.stat().st_size, format=reader.name, encoding=source.encoding, delimiter=understood.delimiter,
        header=understood.header, columns=columns, rows=shown, mapping=chosen, guessed=mapping is None or not mapping.shape,
        understood=tuple(made[:_SHOWN_ROWS]), labels=tuple(labels.most_common(20)), rows_seen=len(found), whole_file=whole,
        problems=tuple(_problems(faults, limits, chosen)), notes=understood.notes, sheet=understood.sheet, sheets=understood.sheets,
        separator=understood.separator, unit=understood.unit, units=understood.units,
    )  # fmt: skip


def guess(columns: tuple[str, ...], good: list[Record]) -> Mapping | None:
    """How our own export is read, else the shape that is surest of itself, or None."""
    if (ours := own_mapping(columns)) is not None:
        return ours
    guesses = [(found.confidence, name, found.columns) for name, kind in shapes().items() if (found := kind.guess(columns, good)) is not None]
    if not guesses:
        return None
    _, name, by_role = max(guesses, key=lambda found: found[0])
    return Mapping(shape=name, columns=by_role)


def _as_said(guessed: Mapping | None, said: Mapping | None) -> Mapping | None:
    """The guess, read the way in which the person said the file is to be read."""
    if guessed is None or said is None:
        return guessed
    return guessed.model_copy(update={name: getattr(said, name) for name in READ_AS})


def _problems(faults: list[Fault], limits: Limits, mapping: Mapping | None) -> list[Sentence]:
    told = [found.sentence for found in sorted(faults, key=lambda found: found.row)[: limits.faults_told]]
    if len(faults) > len(told):
        told.append(Sentence("more_bad_rows", "{count:,} more of the rows looked at cannot be used.", {"count": len(faults) - len(told)}))
    if mapping is None:
        told.append(Sentence("no_shape_fits", "What a row means could not be guessed: choose it, and which column plays which part."))
    return told
