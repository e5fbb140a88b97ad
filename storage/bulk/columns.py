"""One column of the rows as they were imported, as SQL over `example`; and dates in the forms that people write them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_TIMES = ("", " %H:%M", " %H:%M:%S", ", %H:%M", ", %H:%M:%S", " %I:%M %p")
_MONTHS = ("gennaio january", "febbraio february", "marzo march", "aprile april", "maggio may", "giugno june", "luglio july", "agosto august",
           "settembre september", "ottobre october", "novembre november", "dicembre december")  # fmt: skip
_MAIL_DATES = ("%a, %d %b %Y %H:%M:%S %z", "%d %b %Y %H:%M:%S %z", "%d/%b/%Y:%H:%M:%S %z")
_EARLIEST, _LATEST = -5_364_662_400_000_000, 7_258_118_400_000_000  # the years 1800 and 2200


@dataclass
class Columns:
    """Makes the SQL of one column after the other and gathers their parameters, so that a column's name never stands in SQL."""

    values: dict[str, Any] = field(default_factory=dict)

    def text(self, column: str) -> str:
        """The cell as text, without blanks around it; NULL where there is nothing. A question or answer that was changed is as it stands."""
        number = len(self.values) // 2
        self.values |= {f"column_{number}": column, f"pointer_{number}": pointer(column)}
        cell = f"""CASE WHEN form IS NOT NULL AND form->>'question' = $column_{number} THEN question
            WHEN form IS NOT NULL AND form->>'answer' = $column_{number} THEN answer ELSE json_extract_string(original, $pointer_{number}) END"""
        return f"nullif(trim({cell}), '')"


def pointer(column: str) -> str:
    """The JSON pointer of a field."""
    return "/" + column.replace("~", "~0").replace("/", "~1")


def moment(text: str, day_first: bool) -> str:
    """The SQL of a text's date in microseconds since 1970, NULL where it is none. `day_first` reads 3/4/2024 as the third of April.

    Known: ISO 8601 with or without a zone, 20240403, 2024-04, 2024, 3.4.24 and 3/4/2024 with or without a time, 3 April 2024, April 3, 2024, the date
    of a mail, Italian months, seconds and milliseconds since 1970.
    """
    day, month = ("%d", "%m") if day_first else ("%m", "%d")
    dates = (
        f"{day}/{month}/%y",
        f"{day}/{month}/%Y",
        "%Y/%m/%d",
        "%d %B %Y",
        "%B %d, %Y",
        "%d %b %Y",
        "%b %d, %Y",
        "%a, %d %b %Y",
        "%Y-%m",
        "%Y%m%d",
    )
    plain = f"regexp_replace(lower({text}), '^(\\d{{1,2}})[-. ](\\d{{1,2}})[-. ](\\d{{2,4}})', '\\1/\\2/\\3')"
    for pair in _MONTHS:
        italian, english = pair.split()
        plain = f"replace({plain}, '{italian}', '{english}')"
    local = _listed([date + time for date in dates for time in _TIMES])
    # A date with a zone and one without have different types, which are never mixed: the session's zone would creep in.
    return f"""CASE WHEN length({text}) > 40 OR NOT regexp_matches({text}, '\\d') THEN NULL
        WHEN regexp_full_match({text}, '(1[89]|2[01])\\d\\d') THEN epoch_us(make_timestamp({text}::BIGINT, 1, 1, 0, 0, 0))
        WHEN regexp_full_match({text}, '\\d{{9,10}}(\\.\\d+)?') THEN ({text}::DOUBLE * 1000000)::BIGINT
        WHEN regexp_full_match({text}, '\\d{{12,13}}') THEN {text}::BIGINT * 1000
        WHEN regexp_matches({text}, '^\\d{{4}}-\\d{{1,2}}-\\d{{1,2}}') THEN CASE WHEN regexp_matches({text}, ':.*(Z|[+-]\\d\\d:?\\d\\d)$')
            THEN epoch_us(try_cast({text} AS TIMESTAMPTZ)) ELSE epoch_us(try_cast({text} AS TIMESTAMP)) END
        WHEN regexp_matches({text}, ' [+-]\\d{{4}}( \\(\\w+\\))?$')
            THEN epoch_us(try_strptime(regexp_replace({text}, ' \\(\\w+\\)$', ''), {_listed(_MAIL_DATES)}))
        ELSE list_filter([epoch_us(try_strptime({plain}, {local}))], lambda found: found BETWEEN {_EARLIEST} AND {_LATEST})[1] END"""


def _listed(formats: Sequence[str]) -> str:
    return "[" + ", ".join("'" + each + "'" for each in formats) + "]"
