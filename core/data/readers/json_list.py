"""One JSON list of objects in a file, read piece by piece, so that a file of 1 GB needs the memory of its longest row."""

import json
from collections.abc import Iterator
from typing import ClassVar, TextIO

from core.data.containers.packing import bare
from core.data.readers.base import NoRows, Reader, Understood, Wanted
from core.data.readers.jsonl import TOO_MANY_DIGITS, as_record, why_malformed
from core.data.records import Fault, Record
from core.errors import UserError
from core.sentence import Sentence

_CHUNK_CHARS = 1 << 16
_BLANK = " \t\r\n"


class MalformedList(UserError):
    """After such a place nothing can be told apart any more, so that no row is left to import."""

    sentence = "{file} is not valid JSON in line {line}, in or after row {row}: {why}. Mend it there. Nothing was imported."

    def __init__(self, *, file: str, line: int, row: int, why: Sentence) -> None:
        super().__init__(file=file, line=line, row=row, why=why)


class JsonList(Reader):
    """Rows are kept as their own text."""

    name: ClassVar[str] = "json"
    label: ClassVar[str] = "a JSON list"
    rank: ClassVar[int] = 0

    def fits(self, head: str, file: str) -> bool:
        plain = bare(file)
        return head.lstrip().startswith("[") and not plain.endswith((".csv", ".tsv", ".tab", ".jsonl", ".ndjson"))

    def understand(self, head: str, wanted: Wanted) -> Understood:
        return Understood(self.name)

    def records(self, text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        pieces, row = _Pieces(text, wanted), 0
        pieces.expect("[", row)
        if pieces.peek() == "]":
            raise NoRows(file=wanted.file)
        while True:
            row += 1
            line = pieces.line
            try:
                yield pieces.value(row, line)
                mark = pieces.peek()
                if mark == "]":
                    pieces.close(row)
                    return
                if not mark and not wanted.whole:
                    return
                pieces.expect(",", row)
            except MalformedList as error:
                if wanted.whole:
                    yield _end(error)
                return  # the prefix of a preview ends within this row, or the import will say what is wrong with it


def _end(error: MalformedList) -> Fault:
    sentence = Sentence("list_breaks_off", "The list is no longer valid JSON from line {line} on, in or after row {row}: {why}. What follows cannot be "
                        "read.", {**error.facts, "column": None})  # fmt: skip
    return Fault(error.facts["row"], None, sentence, ends=error)


class _Pieces:
    """A window on the text that slides forward."""

    def __init__(self, text: TextIO, wanted: Wanted) -> None:
        self._text, self._wanted = text, wanted
        self._strange: list[str] = []
        self._decoder = json.JSONDecoder(parse_constant=self._strange.append)
        self._window, self._at, self.line, self._ended = "", 0, 1, False

    def peek(self) -> str:
        """The next character that is not blank, or '' at the end."""
        while True:
            while self._at < len(self._window):
                character = self._window[self._at]
                if character not in _BLANK:
                    return character
                self.line += character == "\n"
                self._at += 1
            if not self._more(_CHUNK_CHARS):
                return ""

    def expect(self, mark: str, row: int) -> None:
        if (found := self.peek()) != mark:
            facts = {"mark": mark, "found": found}
            why = (
                Sentence("json.expected", "'{mark}' was expected and there is '{found}'", facts)
                if found
                else Sentence("json.ended", "'{mark}' was expected and there is the end of the file", {"mark": mark})
            )
            raise MalformedList(file=self._wanted.file, line=self.line, row=row, why=why)
        self._at += 1
        self.peek()

    def value(self, row: int, line: int) -> Record | Fault:
        limit, size = self._wanted.limits.line_chars, _CHUNK_CHARS
        while True:
            self._strange.clear()
            try:
                values, end = self._decoder.raw_decode(self._window, self._at)
                if end < len(self._window) or self._ended:
                    break
            except json.JSONDecodeError as error:
                if self._ended or len(self._window) - self._at > limit:
                    before = self._window.count("\n", self._at, error.pos)
                    raise self._malformed(row, self.line + before, why_malformed(error)) from error
            except RecursionError as error:
                depth = self._wanted.limits.json_depth
                raise self._malformed(row, line, Sentence("json.deep", "it nests more than {limit} levels deep", {"limit": depth})) from error
            except ValueError as error:  # Python refuses numbers of thousands of digits
                raise self._malformed(row, line, TOO_MANY_DIGITS) from error
            self._more(size)
            size *= 2
        original = self._window[self._at : end]
        self.line += original.count("\n")
        self._at = end
        return as_record(values, None if self._strange or "\n" in original else original, row, line, self._wanted.limits)

    def close(self, row: int) -> None:
        self._at += 1
        if rest := self.peek():
            raise self._malformed(row, self.line, Sentence("json.behind", "there is '{rest}' after the end of the list", {"rest": rest}))

    def _malformed(self, row: int, line: int, why: Sentence) -> UserError:
        return MalformedList(file=self._wanted.file, line=line, row=row, why=why)

    def _more(self, chars: int) -> bool:
        piece = self._text.read(chars)
        self._ended = not piece
        self._window, self._at = self._window[self._at :] + piece, 0
        return bool(piece)
