"""The card of an export: what is in it, how it was made and how it comes back, as a README.md with the head that the hub of datasets reads."""

from collections import Counter
from dataclasses import dataclass, field

from core.data.export.base import DataFormat, Look
from core.data.export.rows import UNSPLIT
from core.data.export.settings import ExportVersionSettings, Parts
from core.data.exported import MARK, PART, WHOLE

_MOST_ANSWERS = 40
_TASKS = {
    "text_label": "text-classification", "text_only": "text-classification", "dialogue_summary": "summarization", "text_fields": "token-classification",
}  # fmt: skip
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"), (10_000_000, "1M<n<10M"))


@dataclass
class Tally:
    """What was counted while the rows were read. `answers` counts them only while they are few."""

    rows: int = 0
    sealed: int = 0
    unanswered: int = 0
    parts: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] | None = field(default_factory=Counter)

    def add(self, answer: str | None, part: str | None, sealed: bool) -> None:
        self.rows += 1
        self.sealed += sealed
        self.unanswered += answer is None
        self.parts[part or UNSPLIT] += 1
        if self.answers is None or answer is None:
            return
        self.answers[answer.strip()] += 1
        if len(self.answers) > 1_000:
            self.answers = None  # texts, not categories


def card(settings: ExportVersionSettings, kind: DataFormat, look: Look, tally: Tally, files: dict[str, int]) -> str:
    """`files` are the data's files and folders with their rows."""
    lines = [
        *_head(settings, tally),
        f"# {settings.dataset}",
        "",
        f"{tally.rows:,} rows, exported from Bottega as {kind.label}.",
        "",
        "## Where it comes from",
        "",
        f"- Dataset: '{settings.dataset}', version {settings.version}" + (f" ('{settings.version_name}')" if settings.version_name else ""),
        f"- Kind of rows: {settings.shape}",
        f"- SHA-256 of the version's content: `{settings.content_hash}`",
        *(
            [f"- {settings.rows - tally.rows:,} of its {settings.rows:,} rows were erased since and are not here"]
            if settings.rows != tally.rows
            else []
        ),
        f"- Made on {settings.made_on} with {settings.made_with}",
        "- Licence: to be filled in by the owner of the data, above and here, before it is passed on",
        "- How the rows were collected, who may be in them and what they should not be used for: to be filled in by the owner",
        "",
        "## What is in it",
        "",
        "| file | rows |",
        "|---|---|",
        *(f"| `{name}` | {rows:,} |" for name, rows in files.items()),
        "",
        *_counts(settings, tally),
        "## Columns",
        "",
        *_columns(settings, look),
        "",
        "## Back into Bottega",
        "",
        *_way_back(settings, files),
        "",
    ]
    return "\n".join(lines)


def _head(settings: ExportVersionSettings, tally: Tally) -> list[str]:
    size = next((name for limit, name in _SIZES if tally.rows < limit), "n>10M")
    return ["---", "# license: fill this in before you pass the data on, such as cc-by-4.0", f"size_categories: [\"{size}\"]",
            f"task_categories: [\"{_TASKS.get(settings.shape, 'text-generation')}\"]", "---", ""]  # fmt: skip


def _counts(settings: ExportVersionSettings, tally: Tally) -> list[str]:
    lines = []
    if settings.split_seed is not None:
        parts = ", ".join(f"{part} {rows:,}" for part, rows in sorted(tally.parts.items()))
        lines += [f"The split (seed {settings.split_seed}): {parts}.", ""]
    if tally.sealed:
        lines += [f"{tally.sealed:,} rows are the sealed test: never train on them.", ""]
    if tally.unanswered:
        lines += [f"{tally.unanswered:,} rows have no answer yet.", ""]
    if settings.shape == "text_label" and tally.answers:
        shown = tally.answers.most_common(_MOST_ANSWERS)
        lines += [
            "| category | rows |",
            "|---|---|",
            *(f"| {' '.join(answer.split())[:80].replace('|', '/')} | {rows:,} |" for answer, rows in shown),
        ]
        lines += [f"| … {len(tally.answers) - len(shown)} more | |"] if len(tally.answers) > len(shown) else []
        lines += [""]
    return lines


def _columns(settings: ExportVersionSettings, look: Look) -> list[str]:
    lines = ["The conversations stand in the format's own columns."]
    if look.marked:
        lines.append(f"- `{MARK}`: the row's place in its dataset; it tells Bottega that the file is its own")
    if settings.parts is Parts.COLUMN and look.split:
        lines.append(f"- `{PART}`: train, validation or test; nothing for a row in no part")
    if look.further:
        lines.append(f"- from the original rows: {', '.join(_named(*pair) for pair in zip(look.further, look.named, strict=True))}")
    if look.whole:
        lines.append(f"- `{WHOLE}`: the whole conversation as JSON where the other columns cannot say it (calls of tools, weights, several turns)")
    if settings.format == "csv":
        lines.append("- A cell that a spreadsheet would take for a formula has an apostrophe before it; Bottega takes it off again")
    return lines


def _named(column: str, name: str) -> str:
    return f"`{name}`" if name == column else f"`{name}` (there `{column}`)"


def _way_back(settings: ExportVersionSettings, files: dict[str, int]) -> list[str]:
    sealed = [name for name in files if name.startswith("sealed")]
    lines = ["Import the data file (or this whole zip, where it holds one); the rows get the content hashes they had."]
    if settings.parts is Parts.FILES:
        lines.append("The parts are files of their own, so the rows come back in another order: each row's hash is the same, the version's is not.")
    if sealed:
        lines.append(f"`{sealed[0]}` is the sealed test: import the other file first, then this one as the sealed test of that dataset.")
    return lines
