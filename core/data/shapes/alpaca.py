"""The Alpaca shape: instruction, perhaps an input, output, perhaps what was said before. Taori et al. 2023, Stanford Alpaca."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, Unusable, answer_of, as_text, json_list, text_of


class Alpaca(Shape):
    """Instruction and input are one user turn, an empty line between them. `history` is a list of pairs, a question and its answer each, that came
    before."""

    name: ClassVar[str] = "alpaca"
    label: ClassVar[str] = "An instruction, perhaps with an input, and the output"
    explanation: ClassVar[str] = "Each row has an instruction, perhaps a text that it is about, and what should come out."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("instruction", "The instruction", "What is to be done.", ("instruction", "istruzione")),
        Role("input", "The input", "What it is to be done with, if anything.", ("input", "context"), required=False),
        Role("output", "The output", "What should come out.", ("output", "response", "answer", "completion")),
        Role("system", "Standing instructions", "Instructions that hold for the whole row, if there are any.", ("system", "system_prompt"),
             required=False),
        Role("history", "What was said before", "Pairs of a question and its answer, if there are any.", ("history", "storia"), required=False),
    )  # fmt: skip
    answer_role: ClassVar[str] = "output"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        named = super().guess(columns, records)
        return Guess(0.98, named.columns) if named is not None else None  # also where all outputs are JSON: with an instruction they answer it

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        instruction = text_of(values, mapping.columns.get("instruction"))
        given = text_of(values, mapping.columns.get("input"), needed=False)
        system = text_of(values, mapping.columns.get("system"), needed=False)
        asked = {"role": "user", "content": f"{instruction}\n\n{given}" if given.strip() else instruction}
        turns = [*_history(values, mapping.columns.get("history")), asked, *answer_of(values, mapping.columns.get("output"), mapping)]
        return [{"role": "system", "content": system}, *turns] if system.strip() else turns


def _history(values: Mapped[str, Any], column: str | None) -> Messages:
    cell = values.get(column) if column is not None else None
    if not as_text(cell).strip():
        return []
    pairs = json_list(cell)
    if pairs is None or not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
        raise Unusable("no_pairs", "Row {row} (line {line}) has no list of pairs in column '{column}', like [[\"a question\", \"its answer\"]]. "
                       "Mend it, or leave out incomplete rows.", column)  # fmt: skip
    said: Messages = []
    for question, answer in pairs:
        said += [{"role": "user", "content": as_text(question)}, {"role": "assistant", "content": as_text(answer)}]
    return said
