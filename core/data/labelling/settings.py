"""What labelling knows before any row is read: how a row is answered, what a suggestion job is asked for, and what it found."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

SAMPLE_FILE = "sample.parquet"
SUGGESTIONS_FILE = "suggestions.parquet"
LEARNED_FILE = "learned.json"
MOST_ANSWERED, MOST_OPEN = 20_000, 20_000  # rows that a job reads; the same ones each time
AT_ONCE = 20  # the most useful so many come first, and after so many answers they are found anew
LEAST_TO_MEASURE = 30


class How(StrEnum):
    """How a row is answered: by a category, by marking fields in the text, or in free words."""

    CHOICES = "choices"
    FIELDS = "fields"
    TEXT = "text"


class Plain(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SuggestSettings(Plain):
    """`answered` rows stood when the job was asked for: what is new since then says when it is worth asking again."""

    dataset: str
    how: How
    answered: int = 0
    seed: int = 0


class Learned(Plain):
    """How many of the answered rows an app would get right that learns from the others, with a 95 % interval; `right` is None where it was not measured.

    `rows` were measured; `answered` were there.
    """

    answered: int = Field(ge=0)
    rows: int = 0
    right: int | None = None
    low: float | None = None
    high: float | None = None


class RoundSettings(Plain):
    """What colleagues see beside the text; nothing else of the project leaves by a link. `network`: from other computers too."""

    how: How
    choices: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    guide: str = ""
    twice_share: float = 0.2
    network: bool = False


def how_of(task: str) -> How:
    """The way that fits a task."""
    return {"classification": How.CHOICES, "extraction": How.FIELDS}.get(task, How.TEXT)
