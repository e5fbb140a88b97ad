"""How much a file may ask of us: one set of numbers that every reader keeps to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """`unpacking_ratio` counts once `unpacking_free_bytes` are out: text packs 3 to 20 times, a gzip bomb about 1,000 times."""

    file_bytes: int = 1 << 30
    unpacked_bytes: int = 4 << 30
    unpacking_ratio: int = 200
    unpacking_free_bytes: int = 64 << 20
    line_chars: int = 4_000_000
    field_chars: int = 1_000_000
    rows: int = 5_000_000
    columns: int = 1_000
    json_depth: int = 64
    preview_bytes: int = 1 << 20
    preview_rows: int = 200
    faults_told: int = 3
    faults_kept: int = 10_000
    least_rows: int = 3  # one for each part of a split


LIMITS = Limits()
