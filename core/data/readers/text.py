"""Plain text: a text a line, texts with an empty line or a line of their own between them, all of it, or questions with their answers."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import ClassVar, TextIO

from core.data.containers.packing import bare
from core.data.readers.base import NoRows, Reader, Understood, Wanted
from core.data.readers.cells import record
from core.data.readers.csv import is_table
from core.data.records import Fault, Record, fault

_QUESTION = ("q", "question", "domanda", "d", "frage", "f", "pregunta", "p", "user", "utente", "human", "prompt", "input")
_ANSWER = ("a", "answer", "risposta", "r", "antwort", "respuesta", "réponse", "assistant", "assistente", "bot", "completion", "output")
_PREFIX = re.compile(r"\s{0,3}(?:\*\*)?([^\W\d_]{1,12})(?: ?\d{1,5})?[.)]?\s?:(?:\*\*)?(?:\s+|$)")
_RULE = re.compile(r"\s*([-=*_#~%+])(?: ?\1){2,}\s*")
_NAMED = (".txt", ".text", ".md", ".markdown", ".log")
_TABLES = (".csv", ".tsv", ".tab")


class Text(Reader):
    """Columns: text; or question and answer. In a folder or a zip a text without a separator is one row, with its folder's name beside it."""

    name: ClassVar[str] = "text"
    label: ClassVar[str] = "plain text"
    rank: ClassVar[int] = 50

    def fits(self, head: str, file: str) -> bool:
        plain = bare(file)
        if plain.endswith(_TABLES):
            return False
        return _are_questions(head) or (plain.endswith(_NAMED) and not is_table(head))

    def understand(self, head: str, wanted: Wanted) -> Understood:
        return Understood(self.name, separator=wanted.separator or _separator(head, wanted.many))

    def records(self, text: TextIO, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        separator, row = understood.separator or "line", 0
        asked = separator == "questions"
        for line, block in _blocks(text, separator, wanted):
            row += 1
            if block is None:
                yield fault(row, "text_too_long", "Row {row} has {chars:,} characters in '{column}'; at most {limit:,} can be read. Shorten it.",
                            column="text", chars=wanted.limits.line_chars, limit=wanted.limits.line_chars)  # fmt: skip
            elif asked:
                yield _asked(row, line, block, wanted)
            else:
                yield record(row, line, {"text": block, **(_place(wanted) if separator == "file" and wanted.many else {})}, wanted.limits)
        if not row:
            raise NoRows(file=wanted.file)


def _blocks(text: TextIO, separator: str, wanted: Wanted) -> Iterator[tuple[int, str | None]]:
    """Each text with the line on which it begins; None for one that is too long."""
    lines, start, size = list[str](), 1, 0
    for number, line in _numbered(text, wanted.limits.line_chars):
        if _begins(line, separator, lines) or _is_between(line, separator):
            if found := "".join(lines).strip():
                yield start, found if size <= wanted.limits.line_chars else None
            lines, size = [], 0
            if _is_between(line, separator):
                continue
        if not lines:
            start = number
        size += len(line)
        if size <= wanted.limits.line_chars:
            lines.append(line)
    if found := "".join(lines).strip():
        yield start, found if size <= wanted.limits.line_chars else None


def _numbered(text: TextIO, limit: int) -> Iterator[tuple[int, str]]:
    number, whole = 0, True
    while line := text.readline(limit):
        number += whole
        whole = line.endswith(("\n", "\r"))
        yield number, line


def _begins(line: str, separator: str, lines: list[str]) -> bool:
    if separator == "line":
        return bool(lines)
    return separator == "questions" and _prefix(line) in _QUESTION and any(_prefix(before) in _ANSWER for before in lines)


def _is_between(line: str, separator: str) -> bool:
    stripped = line.strip()
    if separator in ("line", "blank"):
        return not stripped
    if separator == "questions":
        return _RULE.fullmatch(line) is not None
    return separator != "file" and stripped == separator.strip()


def _asked(row: int, line: int, block: str, wanted: Wanted) -> Record | Fault:
    parts: dict[str, list[str]] = {"question": [], "answer": []}
    now = ""
    for text in block.splitlines():
        prefix = _prefix(text)
        if prefix in _QUESTION or prefix in _ANSWER:
            now = "question" if prefix in _QUESTION else "answer"
            text = _PREFIX.sub("", text, count=1)
        if not now:
            return fault(row, "no_question_word", "The text from line {line} on has no question with a word such as 'Q:' before it.", line=line)
        parts[now].append(text)
    return record(row, line, {name: "\n".join(found).strip() for name, found in parts.items()}, wanted.limits)


def _prefix(line: str) -> str:
    found = _PREFIX.match(line)
    return found.group(1).lower() if found else ""


def _are_questions(head: str) -> bool:
    """Questions and answers by turns, at least two of each, and hardly another text before the first."""
    found = [("q" if prefix in _QUESTION else "a") for line in islice(head.splitlines(), 2_000)
             if (prefix := _prefix(line)) in _QUESTION or prefix in _ANSWER]  # fmt: skip
    pairs = "".join(found).count("qa")
    first = next((line for line in head.splitlines() if line.strip()), "")
    return pairs >= 2 and pairs * 2 >= 0.8 * len(found) and _prefix(first) in _QUESTION


def _separator(head: str, many: bool) -> str:
    if _are_questions(head):
        return "questions"
    lines = head.splitlines()
    rules = [line.strip() for line in lines if _RULE.fullmatch(line)]
    if rules and rules.count(rules[0]) == len(rules) and (len(rules) > 1 or lines.index(next(line for line in lines if line.strip() == rules[0]))):
        return rules[0]
    if many:
        return "file"
    texts = sum(bool(line.strip()) for line in lines)
    gaps = sum(not line.strip() and bool(before.strip()) for before, line in zip(lines, lines[1:], strict=False))
    # Lines of one paragraph each with gaps between all of them are paragraphs either way.
    return "blank" if gaps >= 2 and texts > 1.2 * (gaps + 1) else "line"


def _place(wanted: Wanted) -> dict[str, str]:
    """The folder is often the category: spam/17.txt."""
    folder, _, file = wanted.file.rpartition("/")
    return {"file": file, "folder": folder.rpartition("/")[2]} if folder else {"file": file}
