"""The recorded curves as the coach gets them, and what it says of each."""

import json
from dataclasses import dataclass
from pathlib import Path

from core.training.coach import Reading, read
from storage.rows import Point

FOLDER = Path(__file__).parent / "files"
GOOD = frozenset({"learning", "settled", "early"})


@dataclass(frozen=True)
class Recorded:
    """`points` are in the order of their steps."""

    name: str
    cause: str
    points: tuple[Point, ...]

    def until(self, step: int) -> tuple[Point, ...]:
        """As the page saw it then."""
        return tuple(point for point in self.points if point.step <= step)

    def said(self) -> Reading:
        return read(self.points)


def recorded() -> list[Recorded]:
    found = []
    for file in sorted(FOLDER.glob("*.json")):
        stored = json.loads(file.read_text(encoding="utf-8"))
        points = [Point(int(step), name, float(value)) for name, series in stored["points"].items() for step, value in series]
        found.append(Recorded(stored["name"], stored["cause"], tuple(sorted(points, key=lambda point: point.step))))
    return found


def cause_of(reading: Reading) -> str:
    return "learning" if reading.how.value in GOOD else reading.how.value
