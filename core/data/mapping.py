"""Which column plays which role: what a person clicks together, what a command line gives and what an import job is told."""

from pydantic import BaseModel, ConfigDict, Field


class Mapping(BaseModel):
    """`columns` maps a role of the shape ('text', 'label' …) to a column of the file; optional roles may be left out.

    What is None in the last three is found out from the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: str = Field(description="What a row is: a text with its category, a question with its answer …")
    columns: dict[str, str] = Field(default_factory=dict, description="For each role the column that plays it.")
    field_columns: tuple[str, ...] = Field((), description="Columns that become the fields to pull out, where each field has a column of its own.")
    encoding: str | None = Field(None, max_length=40, description="How letters are stored, such as utf-8 or cp1252.")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="What separates the cells of a CSV file.")
    header: bool | None = Field(None, description="Whether the first row of a CSV file names the columns.")
