"""The Alpaca shape: instruction, perhaps an input, output. Taori et al. 2023, Stanford Alpaca."""

from collections.abc import Mapping as Mapped
from collections.abc import Sequence
from typing import Any, ClassVar

from core.data.mapping import Mapping
from core.data.records import Record
from core.data.shapes.base import Guess, Messages, Role, Shape, text_of


class Alpaca(Shape):
    """Instruction and input are one user turn, an empty line between them."""

    name: ClassVar[str] = "alpaca"
    label: ClassVar[str] = "An instruction, perhaps with an input, and the output"
    explanation: ClassVar[str] = "Each row has an instruction, perhaps a text that it is about, and what should come out."
    roles: ClassVar[tuple[Role, ...]] = (
        Role("instruction", "The instruction", "What is to be done.", ("instruction", "istruzione")),
        Role("input", "The input", "What it is to be done with, if anything.", ("input", "context"), required=False),
        Role("output", "The output", "What should come out.", ("output", "response", "answer", "completion")),
        Role("system", "Standing instructions", "Instructions that hold for the whole row, if there are any.", ("system", "system_prompt"),
             required=False),
    )  # fmt: skip
    answer_role: ClassVar[str] = "output"
    task: ClassVar[str] = "generation"

    def guess(self, columns: Sequence[str], records: Sequence[Record]) -> Guess | None:
        named = super().guess(columns, records)
        return Guess(0.95, named.columns) if named is not None else None

    def messages(self, values: Mapped[str, Any], mapping: Mapping) -> Messages:
        instruction = text_of(values, mapping.columns.get("instruction"))
        given = text_of(values, mapping.columns.get("input"), needed=False)
        system = text_of(values, mapping.columns.get("system"), needed=False)
        output = text_of(values, mapping.columns.get("output"))
        turns = [{"role": "user", "content": f"{instruction}\n\n{given}" if given.strip() else instruction}, {"role": "assistant", "content": output}]
        return [{"role": "system", "content": system}, *turns] if system.strip() else turns
