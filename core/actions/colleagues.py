"""What somebody with a link can do in a round: see one text and the choices, answer, pass, go back. No action, no owner, nothing else of the project."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from core.actions.labels import tidy_answer
from core.actions.rounds import token_hash
from core.data.labelling.settings import How, RoundSettings
from storage import rounds
from storage.rows import LabelRound, RoundId

if TYPE_CHECKING:
    from core.workshop import Workshop

HELD_S = 600.0  # a row that was shown and not answered for so long goes to somebody else


class Door(StrEnum):
    """What a link opens."""

    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Task:
    """What a person is to do now. `position` None: there is nothing left for them (`passed` rows could be taken up again)."""

    how: How
    name: str
    guide: str
    choices: tuple[str, ...]
    fields: tuple[str, ...]
    position: int | None
    text: str
    answer: str
    done: int
    left: int
    passed: int


@dataclass
class _Hands:
    """Who has which row before them since when, and who passed which; of one round, in this process."""

    held: dict[str, dict[int, float]] = field(default_factory=dict)
    passed: dict[str, set[int]] = field(default_factory=dict)


class RoundDesk:
    """One in a listener. Rows are handed out under a lock, so that two people never get the same place."""

    def __init__(self, workshop: "Workshop", clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._clock = workshop.store, clock
        self._handing_out = threading.Lock()
        self._hands: dict[RoundId, _Hands] = {}

    def door(self, token: str) -> tuple[Door, LabelRound | None]:
        """The lookup is by the token's hash, so that no comparison of secrets takes a time that tells something."""
        found = rounds.of_token(self._store, token_hash(token))
        if found is None:
            return Door.UNKNOWN, None
        if found.closed:
            return Door.CLOSED, found
        return (Door.OPEN if found.expires_at > datetime.now(UTC) else Door.EXPIRED), found

    def any_open(self) -> bool:
        """Some link still opens something."""
        return bool(rounds.still_open(self._store))

    def from_network(self, round: LabelRound) -> bool:
        """Its link may be opened on other computers."""
        return RoundSettings.model_validate_json(round.settings).network

    def guide(self, round: LabelRound) -> str:
        return RoundSettings.model_validate_json(round.settings).guide

    def filled(self, round: LabelRound, values: Sequence[str]) -> str:
        """The round's fields with these values, as an answer."""
        names = RoundSettings.model_validate_json(round.settings).fields
        return json.dumps({name: value for name, value in zip(names, values, strict=False) if value.strip()}, ensure_ascii=False)

    def people(self, round: LabelRound) -> list[str]:
        return rounds.people_of(self._store, round.id)

    def next(self, round: LabelRound, person: str) -> Task:
        """The row that the person has in hand, or the next one for them."""
        with self._handing_out:
            hands = self._hands.setdefault(round.id, _Hands())
            mine = hands.held.setdefault(person, {})
            others = self._held_by_others(hands, person)
            fresh = [place for place, since in mine.items() if self._clock() - since < HELD_S]
            row = rounds.row_at(self._store, round, fresh[0]) if fresh else None
            row = row or rounds.next_row(self._store, round, person, held=others, passed=sorted(hands.passed.get(person, ())))
            mine.clear()
            if row is not None:
                mine[row.position] = self._clock()
        return self._task(round, person, row.position if row else None, row.question if row else "", "")

    def at(self, round: LabelRound, person: str, position: int) -> Task | None:
        """A row that the person answered before, with their answer."""
        own = {one.position: one.answer for one in rounds.given(self._store, round.id, person)}
        row = rounds.row_at(self._store, round, position) if position in own else None
        return None if row is None else self._task(round, person, position, row.question, own[position])

    def before(self, round: LabelRound, person: str, position: int | None) -> int | None:
        """The row that they answered before this one, or last."""
        found = rounds.last_given(self._store, round.id, person, position)
        return found.position if found is not None else None

    def answer(self, round: LabelRound, person: str, position: int, answer: str, seconds: float) -> bool:
        """False when the row is not theirs to answer, or the answer is none of the choices."""
        settings = RoundSettings.model_validate_json(round.settings)
        if settings.how is How.CHOICES and answer not in settings.choices:
            return False
        if not answer.strip() or "\0" in answer:
            return False
        with self._handing_out:
            hands = self._hands.setdefault(round.id, _Hands())
            mine = position in hands.held.get(person, {}) or any(one.position == position for one in rounds.given(self._store, round.id, person))
            # After a restart nobody knows who held what: an answer to a row that still wants one is welcome.
            free = mine or (not self._held_by_others(hands, person)[position] and rounds.wants_more(self._store, round.id, position))
            if not free or rounds.row_at(self._store, round, position) is None:
                return False
            tidy = tidy_answer(answer, "extraction" if settings.how is How.FIELDS else "")
            rounds.give(self._store, round.id, position, person, tidy, seconds)
            hands.held.get(person, {}).pop(position, None)
        return True

    def pass_by(self, round: LabelRound, person: str, position: int) -> None:
        """Somebody else may take it."""
        with self._handing_out:
            hands = self._hands.setdefault(round.id, _Hands())
            if hands.held.get(person, {}).pop(position, None) is not None:
                hands.passed.setdefault(person, set()).add(position)

    def take_up_again(self, round: LabelRound, person: str) -> None:
        """What they passed is offered to them once more."""
        with self._handing_out:
            self._hands.setdefault(round.id, _Hands()).passed.pop(person, None)

    def _held_by_others(self, hands: _Hands, person: str) -> Counter[int]:
        now = self._clock()
        return Counter(place for name, rows in hands.held.items() if name != person for place, since in rows.items() if now - since < HELD_S)

    def _task(self, round: LabelRound, person: str, position: int | None, text: str, answer: str) -> Task:
        settings = RoundSettings.model_validate_json(round.settings)
        hands = self._hands.get(round.id, _Hands())
        done = rounds.given_count(self._store, round.id, person)
        left = rounds.left_for(self._store, round, person)
        passed = len(hands.passed.get(person, ()))
        return Task(settings.how, round.name, settings.guide, settings.choices, settings.fields, position, text, answer, done, left, passed)
