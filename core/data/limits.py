"""How much a file may ask of us: one set of numbers that every reader keeps to."""

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict


@dataclass(frozen=True)
class Limits:
    """The [limits] table of settings.toml may set each of them.

    `unpacking_ratio` counts once `unpacking_free_bytes` are out: text packs 3 to 20 times, a gzip bomb about 1,000 times.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

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
    archive_files: int = 10_000
    temporary_bytes: int = 4 << 30
    xml_bytes: int = 512 << 20  # of one part of a Word or Excel file
    message_bytes: int = 32 << 20
    mail_parts: int = 1_000
    pages: int = 20_000
    page_s: float = 5.0  # of one page of a PDF
    group_bytes: int = 1 << 30  # of one row group of a Parquet file, unpacked
    import_memory_bytes: int = 3 << 30  # of addresses, which are more than the memory in use
    import_s: float = 3600.0


LIMITS = Limits()
