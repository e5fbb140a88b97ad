"""What a child says: frozen events, one JSON line each, small things only. Readers skip a torn last line and unknown kinds."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar


@dataclass(frozen=True)
class State:
    """`state` is a storage.rows.JobState value."""

    kind: ClassVar[str] = "state"
    state: str


@dataclass(frozen=True)
class Progress:
    """`share` from 0 to 1 (None: unknown), `message` a key of the word files, `english` its text where they have none: 'training', 'Training'."""

    kind: ClassVar[str] = "progress"
    share: float | None
    message: str
    seconds_left: float | None = None
    english: str = ""


@dataclass(frozen=True)
class MetricPoint:
    """One value of a curve: loss, eval_loss, learning_rate, grad_norm, tokens_per_second …"""

    kind: ClassVar[str] = "point"
    step: int
    name: str
    value: float


@dataclass(frozen=True)
class Resource:
    """A sample of what the child uses."""

    kind: ClassVar[str] = "resource"
    rss_bytes: int
    cpu_seconds: float


@dataclass(frozen=True)
class Best:
    """The weights of this step are kept."""

    kind: ClassVar[str] = "best"
    step: int
    name: str
    value: float


@dataclass(frozen=True)
class Advice:
    """A sentence of the coach: key, English template and facts."""

    kind: ClassVar[str] = "advice"
    step: int
    key: str
    english: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Artefact:
    """A finished file of the run folder (relative path). `name` says what it is: 'rows', 'answers', 'verdict', 'package' …"""

    kind: ClassVar[str] = "artefact"
    name: str
    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Failure:
    """A UserError in the child: its class name, English sentence and facts; `details` is a traceback kept for the log."""

    kind: ClassVar[str] = "error"
    error: str
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)
    details: str = ""


Event = State | Progress | MetricPoint | Resource | Best | Advice | Artefact | Failure
_KINDS: dict[str, type[Any]] = {kind.kind: kind for kind in (State, Progress, MetricPoint, Resource, Best, Advice, Artefact, Failure)}


def to_line(event: Event) -> str:
    """One JSON line with its newline. NaN and infinity are written as JSON's null would lose them: as the strings 'nan', 'inf', '-inf'."""
    values = {key: repr(value) if isinstance(value, float) and value - value != 0 else value for key, value in asdict(event).items()}
    return json.dumps({"kind": event.kind, **values}, ensure_ascii=False) + "\n"


def from_lines(data: bytes) -> Iterator[tuple[Event, int]]:
    """Events of whole lines with the number of bytes up to and including each; a torn last line is left for later, unknown kinds are skipped."""
    offset = 0
    *whole, _torn = data.split(b"\n")  # not splitlines: a damaged line may hold a lone carriage return
    for line in whole:
        offset += len(line) + 1
        if (event := _parsed(line)) is not None:
            yield event, offset


def _parsed(line: bytes) -> Event | None:
    """None for what is no event of ours: damage, a newer version's kind, a kind with fields missing."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    name = values.pop("kind", None) if isinstance(values, dict) else None
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        return None
    known = {f.name for f in fields(kind)}
    try:
        if kind in (MetricPoint, Best):
            values["value"] = float(values["value"])
        event: Event = kind(**{key: value for key, value in values.items() if key in known})
    except (KeyError, TypeError, ValueError):
        return None
    return event
