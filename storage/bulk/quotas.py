"""How many rows of each answer go to the test and the validation part: whole numbers that add up to the wanted shares."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Stratum:
    """Rows with one answer, and the groups in which they have to stay together."""

    rows: int
    groups: int


@dataclass(frozen=True)
class Quota:
    """Rows for either part; what is left is for training."""

    test: int
    validation: int


def quotas(strata: Mapping[str, Stratum], *, test_share: float, validation_share: float, seed: int) -> dict[str, Quota]:
    """By largest remainder. A stratum of one group gives nothing, every other keeps at least one row for training."""
    open_rows = {name: stratum.rows for name, stratum in strata.items() if stratum.groups > 1}
    test = _shared_out(open_rows, {name: rows - 1 for name, rows in open_rows.items()}, test_share, f"{seed} test")
    room = {name: rows - 1 - test[name] for name, rows in open_rows.items()}
    validation = _shared_out(open_rows, room, validation_share, f"{seed} validation")
    return {name: Quota(test.get(name, 0), validation.get(name, 0)) for name in strata}


def _shared_out(rows: Mapping[str, int], room: Mapping[str, int], share: float, salt: str) -> dict[str, int]:
    """Each its share rounded down; those that lost most by it get one more, until the whole is right. At least one in all, where there is room."""
    given = {name: min(math.floor(count * share), room[name]) for name, count in rows.items()}
    wanted = math.floor(sum(rows.values()) * share + 0.5)
    if share > 0 and rows:
        wanted = max(wanted, 1)
    lost = {name: count * share - given[name] for name, count in rows.items() if given[name] < room[name]}
    in_turn = sorted(lost, key=lambda name: (-round(lost[name], 9), hashlib.sha256(f"{salt} {name}".encode()).digest()))
    for name in in_turn[: max(0, wanted - sum(given.values()))]:
        given[name] += 1
    return given
