"""Which column plays which role: what a person clicks together, what a command line gives and what an import job is told."""

from pydantic import BaseModel, ConfigDict, Field

READ_AS = ("encoding", "delimiter", "header", "sheet", "separator", "unit")  # how a file is read, whatever its rows mean


class Mapping(BaseModel):
    """`columns` maps a role of the shape ('text', 'label' …) to a column of the file; optional roles may be left out.

    What is None in the ones after `whole` is found out from the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: str = Field(description="What a row is: a text with its category, a question with its answer …")
    columns: dict[str, str] = Field(default_factory=dict, description="For each role the column that plays it.")
    field_columns: tuple[str, ...] = Field((), description="Columns that become the fields to pull out, where each field has a column of its own.")
    unanswered: bool = Field(False, description="Rows without an answer are wanted too, to be answered later; else such a row is a fault.")
    whole: str | None = Field(None, description="A column that holds whole conversations as JSON: a row that has one is taken as it stands there.")
    encoding: str | None = Field(None, max_length=40, description="How letters are stored, such as utf-8 or cp1252.")
    delimiter: str | None = Field(None, min_length=1, max_length=1, description="What separates the cells of a CSV file.")
    header: bool | None = Field(None, description="Whether the first row of a table names the columns.")
    sheet: str | None = Field(None, max_length=120, description="Which sheet of an Excel file is read.")
    separator: str | None = Field(
        None, min_length=1, max_length=40,
        description="What stands between the texts of a plain text: 'line' (each line is a text), 'blank' (an empty line), 'file' (all of it is one "
        "text), 'questions' (a question and an answer with a word before each), or the line itself, such as ---.",
    )  # fmt: skip
    unit: str | None = Field(
        None,
        pattern="^(page|document|section|table)$",
        description="What a row of a PDF or Word file is: a page, a section, a table's row, all of it.",
    )
