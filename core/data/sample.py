"""The small datasets that come with Bottega: which file each is and how it is read. What each teaches stands in samples/README.md."""

from dataclasses import dataclass
from enum import StrEnum

from core.data.mapping import Mapping

FOLDER = "core.data.samples"


class SampleName(StrEnum):
    """How one is asked for."""

    SUPPORT_DESK = "support_desk"
    CLINIC = "clinic"
    CLAUSES = "clauses"


@dataclass(frozen=True)
class Sample:
    """`test` is a file of rows that are meant as the sealed test, where there is one."""

    title: str
    file: str
    mapping: Mapping
    test: str | None = None


def sample_of(name: SampleName) -> Sample:
    return _SAMPLES[name]


_SAMPLES = {
    SampleName.SUPPORT_DESK: Sample(
        "Support desk (sample)",
        "support_desk.csv",
        Mapping(shape="text_label", columns={"text": "message", "label": "category"}),
        "support_desk_test.csv",
    ),
    SampleName.CLINIC: Sample("Clinic letters (sample)", "clinic.json", Mapping(shape="text_fields", columns={"text": "letter", "fields": "fields"})),
    SampleName.CLAUSES: Sample("Contract clauses (sample)", "clauses.csv", Mapping(shape="text_label", columns={"text": "clause", "label": "type"})),
}
