"""The bytes behind tokens: a letter such as 'è' may take two of them, and between the two a text ends in the middle of a letter."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")  # how SentencePiece vocabularies write a byte
_LONGEST_LETTER = 4


def _byte_letters() -> dict[str, int]:
    """The letters that stand for bytes in GPT-2's byte-level vocabularies."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in plain)
    return {chr(byte): byte for byte in plain} | {chr(256 + place): byte for place, byte in enumerate(others)}


class Spelling:
    """Of one tokenizer."""

    def __init__(self, tokenizer: "PreTrainedTokenizerBase") -> None:
        self._tokenizer, self._bytes = tokenizer, _byte_letters()

    def endings(self, tokens: Sequence[int]) -> Iterator[str]:
        """Letters that the unfinished letter at the end of these tokens can become; none when its bytes are no beginning of a letter. All of
        them where one byte is missing, a sample where more are."""
        tail = b"".join(self._of(token) for token in tokens[-_LONGEST_LETTER:])
        begun = next((tail[-k:] for k in range(1, _LONGEST_LETTER) if len(tail) >= k and tail[-k] >= 0xC2), b"")
        missing = _length(begun) - len(begun) if begun else 0
        for byte in range(0x80, 0xC0) if missing > 0 else ():
            whole = begun + bytes([byte, *[0xA0] * (missing - 1)])
            try:
                yield whole.decode()
            except UnicodeDecodeError:
                continue

    def _of(self, token: int) -> bytes:
        piece = str(self._tokenizer.convert_ids_to_tokens(token))
        if found := _BYTE_TOKEN.fullmatch(piece):
            return bytes([int(found[1], 16)])
        if all(letter in self._bytes for letter in piece):
            return bytes(self._bytes[letter] for letter in piece)
        return piece.encode()


def _length(begun: bytes) -> int:
    return 2 if begun[0] < 0xE0 else 3 if begun[0] < 0xF0 else 4
