"""How a benchmark prints: one line a figure, or one JSON object a line with name, value, unit, peer, ratio and goal."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Figure:
    """`peer` and `ratio` are None where there is nothing to compare with; `goal` is the issue's own words."""

    name: str
    value: float
    unit: str
    peer: str | None = None
    ratio: float | None = None
    goal: str = ""


def tell(figure: Figure, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(figure)), flush=True)
        return
    beside = f"  {figure.ratio:.2f}x of {figure.peer}" if figure.ratio is not None else ""
    print(f"{figure.name:<46} {figure.value:>12,.4f} {figure.unit:<10}{beside}  {figure.goal}", flush=True)
