"""How onnxruntime-genai is told what an answer may be. Choices go by their tokens, so that it writes what a trie over the same tokens would."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from core.inference.rendering import answer_ids
from core.tasks.base import Constraint

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class Guidance(NamedTuple):
    """The two arguments of GeneratorParams.set_guidance."""

    kind: Literal["lark_grammar", "regex"]
    text: str


def guidance(constraint: Constraint | None, tokenizer: "PreTrainedTokenizerBase", ends: frozenset[int]) -> Guidance | None:
    """None: the model writes freely. A pattern over the text of the choices would let it spell a label with other tokens than it learned."""
    if constraint is not None and constraint.choices:
        return Guidance("lark_grammar", token_grammar(answer_ids(tokenizer, constraint.choices, ends), ends))
    if constraint is not None and constraint.regex is not None:
        return Guidance("regex", constraint.regex)
    return None


def token_grammar(answers: Sequence[Sequence[int]], ends: frozenset[int]) -> str:
    """Exactly one of these token sequences; their end marks are left to the runtime, which writes its own after a whole answer."""
    sequences = [" ".join(f"<[{token}]>" for token in answer if token not in ends) for answer in answers]
    return "start: " + "\n  | ".join(dict.fromkeys(sequence or '""' for sequence in sequences))
