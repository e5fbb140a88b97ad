"""What the doctor said of a dataset: a line a check, with counts and no score."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from core.sentence import Sentence

Said = tuple[str, str, dict[str, Any]]  # key, English, facts of a Sentence


class CheckLine(BaseModel):
    """One check. `rows` counts the rows that it found, `bundles` what ties them together; `examples` are positions of the first. `reason` is why it did not
    look; `says` are sentences on the whole set. Texts of rows stand in no line, so that forgetting a person need not look here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    state: Literal["found", "clean", "not checked"]
    rows: int = 0
    bundles: int = 0
    repairs: int = 0
    examples: tuple[int, ...] = ()
    says: tuple[Said, ...] = ()
    reason: Said | None = None
    seconds: float = 0.0

    def sentences(self) -> tuple[Sentence, ...]:
        return tuple(Sentence(*said) for said in self.says)

    def because(self) -> Sentence:
        """Why it did not look. Only where there is a reason."""
        assert self.reason is not None
        return Sentence(*self.reason)


class CheckupDocument(BaseModel):
    """Of all rows as they stood at `change`. `own_cases` are kept, so that the next check-up compares with them too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    change: int
    rows: int
    checks: tuple[CheckLine, ...]
    split: str | None = None
    model: str | None = None
    context_tokens: int | None = None
    own_cases: tuple[str, ...] = ()

    def line(self, name: str) -> CheckLine | None:
        return next((line for line in self.checks if line.name == name), None)


def said(sentence: Sentence) -> Said:
    return sentence.key, sentence.english, dict(sentence.facts)
