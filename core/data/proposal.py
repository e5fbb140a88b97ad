"""Which way of splitting suits a dataset, read from its columns: a column that says the part, one whose values tie rows together, one of dates."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.data.split import PART_NAMES, SplitKind
from core.sentence import Sentence

if TYPE_CHECKING:
    from storage.bulk.profiling import ColumnFacts

_PART_COLUMNS = ("split", "part", "set", "subset", "fold", "partition", "parte", "insieme", "suddivisione")
_GROUPS = re.compile(
    r"(^|[_\s.-])(patient|paziente|customer|cliente|client|matter|pratica|fascicolo|case|caso|document|documento|doc|user|utente|person|persona|account|"
    r"conversation|conversazione|thread|ticket|group|gruppo|subject|focus|author|autore|company|azienda|contract|contratto)([_\s.-]?(id|nr|no|number|code|name|codice))?$"
)
_LONGEST_NAME = 200
_DATED_SHARE = 0.9


@dataclass(frozen=True)
class SplitChoice:
    """One way that suits, with the column it needs and a sentence why. `day_first` is how its dates are read; `sure` is false where both orders fit."""

    kind: SplitKind
    why: Sentence
    column: str | None = None
    day_first: bool = True
    sure: bool = True


@dataclass(frozen=True)
class SplitProposal:
    """`best` first; `others` suit too."""

    best: SplitChoice
    others: tuple[SplitChoice, ...]


def propose(columns: "Sequence[ColumnFacts]", texts: Collection[str], *, categories: bool) -> SplitProposal:
    """`texts` are the columns of question and answer, which tie nothing together; `categories`: answers are few and repeat."""
    found = [choice for look in (_said, _grouped, _dated) if (choice := look([each for each in columns if each.name not in texts])) is not None]
    if categories:
        why = Sentence("proposal.stratified", "No column ties rows together, so rows are drawn by lot, each category its share on every side.")
        found.append(SplitChoice(SplitKind.STRATIFIED, why))
    else:
        why = Sentence("proposal.random", "No column ties rows together and the answers are free texts, so rows are drawn by lot.")
        found.append(SplitChoice(SplitKind.RANDOM, why))
    return SplitProposal(found[0], tuple(found[1:]))


def _said(columns: "Sequence[ColumnFacts]") -> SplitChoice | None:
    for each in columns:
        known = [value for value in each.examples if value.lower() in PART_NAMES]
        if each.name.lower() in _PART_COLUMNS and len(known) >= 2 and len(known) == len(each.examples):
            english = "The column '{column}' already says which rows are for what ({values})."
            why = Sentence("proposal.column", english, {"column": each.name, "values": ", ".join(known)})
            return SplitChoice(SplitKind.COLUMN, why, each.name)
    return None


def _grouped(columns: "Sequence[ColumnFacts]") -> SplitChoice | None:
    """The column that ties the most rows together without being a category: many values, each in few rows."""
    fitting = [each for each in columns if _ties(each)]
    if not fitting:
        return None
    best = max(fitting, key=lambda each: (bool(_GROUPS.search(each.name.lower())), each.repeated, each.values))
    english = (
        "The column '{column}' ties rows together: {repeated:,} of {rows:,} rows share their '{column}' with another. Keep such rows on one side."
    )
    return SplitChoice(
        SplitKind.GROUPED, Sentence("proposal.grouped", english, {"column": best.name, "repeated": best.repeated, "rows": best.rows}), best.name
    )


def _ties(each: "ColumnFacts") -> bool:
    named = bool(_GROUPS.search(each.name.lower()))
    least, share = (3, 0.02) if named else (20, 0.3)
    if each.longest > _LONGEST_NAME or each.values < least or each.repeated < share * each.rows or each.filled < 0.5 * each.rows:
        return False
    if _is_dated(each):
        return False
    # A category has few values and very many rows each; what ties rows together is the other way round.
    return each.most <= 0.4 * each.filled and each.values >= (0.002 if named else 0.05) * each.filled


def _dated(columns: "Sequence[ColumnFacts]") -> SplitChoice | None:
    for each in columns:
        if _is_dated(each):
            days_first, sure = each.days_first >= each.months_first, each.days_first != each.months_first
            english = "The column '{column}' holds dates such as {example}. Learning from the past and testing on the newest is how it will be used."
            why = Sentence("proposal.time", english, {"column": each.name, "example": each.examples[0]})
            return SplitChoice(SplitKind.TIME, why, each.name, days_first, sure)
    return None


def _is_dated(each: "ColumnFacts") -> bool:
    seen = min(each.values, 2000)
    # Plain numbers of 9 to 13 digits can be read as dates, and are more often numbers of something.
    numbers = all(example.replace(".", "", 1).isdigit() and len(example) != 4 for example in each.examples)
    return each.moments >= 5 and max(each.days_first, each.months_first) >= _DATED_SHARE * seen and each.filled >= 0.5 * each.rows and not numbers
