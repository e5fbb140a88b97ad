"""Mail: one message (.eml, RFC 5322) or a mailbox of many (.mbox, RFC 4155). Attachments are named and never opened."""

import email
import email.errors
import email.header
import email.utils
import re
from collections.abc import Iterator
from email.message import Message
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from core.data.readers.base import ByteReader, NoRows, Understood, Wanted
from core.data.readers.cells import record
from core.data.readers.markup_text import text_of_html
from core.data.records import Fault, Record, fault

_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*)+")
_KNOWN = re.compile(rb"^(received|return-path|message-id|mime-version|from|to|date|subject|delivered-to|content-type):", re.IGNORECASE | re.MULTILINE)
_FROM = re.compile(rb"^From \S+[ \t].*\d{4}")
_QUOTES = re.compile(
    r"^(?:"
    r"-{2,} ?(?:original message|messaggio originale|ursprüngliche nachricht|message d'origine|forwarded message|messaggio inoltrato) ?-{2,}"
    r"|(?:on|il(?: giorno)?|am|le) .{6,200}(?:wrote|ha scritto|schrieb.{0,80}|a écrit)\s?:"
    r"|_{20,}"
    r"|(?:from|da|von|de): .{1,200}\n(?:sent|date|inviato|data|gesendet|envoyé): .*"
    r")\s*$",
    re.IGNORECASE | re.MULTILINE,
)  # fmt: skip
_LINE_BYTES = 1 << 20
_SENSELESS = (email.errors.MessageError, LookupError, ValueError, TypeError, AttributeError, RecursionError, AssertionError)


class Eml(ByteReader):
    """One row: subject, from, to, date, text, quoted, attachments."""

    name: ClassVar[str] = "eml"
    label: ClassVar[str] = "mail"
    rank: ClassVar[int] = 20

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        found = _HEADER.match(start[: 1 << 15].lstrip(b"\xef\xbb\xbf\r\n"))
        known = {name.lower() for name in _KNOWN.findall(found.group())} if found else set()
        return len(known) >= 3 or (len(known) >= 2 and bool({b"from", b"received", b"message-id"} & known))

    def look(self, path: Path, wanted: Wanted) -> Understood:
        return Understood(self.name)

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        with path.open("rb") as stream:
            yield _message(stream.read(wanted.limits.message_bytes + 1), 1, 1, wanted)


class Mbox(ByteReader):
    """A message begins at a line 'From …' after an empty line; one of '>From ' within a text is its text."""

    name: ClassVar[str] = "mbox"
    label: ClassVar[str] = "a mailbox"
    rank: ClassVar[int] = 10

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        head = start.lstrip(b"\xef\xbb\xbf\r\n")
        first, _, rest = head.partition(b"\n")
        return bool(_FROM.match(first)) and _HEADER.match(rest[: 1 << 15]) is not None

    def look(self, path: Path, wanted: Wanted) -> Understood:
        return Understood(self.name)

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        row = 0
        with path.open("rb") as stream:
            for line, data in _messages(stream, wanted.limits.message_bytes):
                row += 1
                yield _message(data, row, line, wanted)
        if not row:
            raise NoRows(file=wanted.file)


def _messages(stream: BinaryIO, limit: int) -> Iterator[tuple[int, bytes]]:
    """Each with the line it begins on; of one that is too long, just more than the limit."""
    pieces, size, begun, number, blank = list[bytes](), 0, 0, 0, True
    whole_line = True
    while piece := stream.readline(_LINE_BYTES):
        number += whole_line
        starts = whole_line and blank and _FROM.match(piece) is not None
        if starts:
            if begun:
                yield begun, b"".join(pieces)
            pieces, size, begun = [], 0, number
        elif begun and size <= limit:
            pieces.append(piece[1:] if whole_line and piece.startswith(b">From ") else piece)
            size += len(piece)
        blank = whole_line and not piece.strip()
        whole_line = piece.endswith(b"\n")
    if begun:
        yield begun, b"".join(pieces)


def _message(data: bytes, row: int, line: int, wanted: Wanted) -> Record | Fault:
    if len(data) > wanted.limits.message_bytes:
        return fault(row, "message_too_long", "Message {row} (line {line}) is longer than {limit:,} bytes with its attachments.", line=line,
                     limit=wanted.limits.message_bytes)  # fmt: skip
    try:
        message = email.message_from_bytes(data)  # the old policy: the new one raises over headers that are only odd
        parts = list(islice(_leaves(message), wanted.limits.mail_parts + 1))
        if len(parts) > wanted.limits.mail_parts:
            return fault(row, "too_many_parts", "Message {row} (line {line}) has more than {limit:,} parts; no mail program writes so many.",
                         line=line, limit=wanted.limits.mail_parts)  # fmt: skip
        text, names = _body(parts)
        own, quoted = split_history(text)
        values: dict[str, Any] = {
            "subject": _decoded(message["subject"]), "from": _decoded(message["from"]), "to": _decoded(message["to"]),
            "date": _date(message["date"]), "text": own, "quoted": quoted, "attachments": names,
        }  # fmt: skip
    except _SENSELESS:
        return fault(row, "message_unreadable", "Message {row} (line {line}) cannot be read: its parts make no sense.", line=line)
    return record(row, line, values, wanted.limits)


def _leaves(message: Message) -> Iterator[Message]:
    """All parts that hold something, not by recursion: how deep they stand is the sender's to say."""
    open_ = [message]
    while open_:
        part = open_.pop()
        inner = part.get_payload() if part.is_multipart() else None
        if isinstance(inner, list):
            if part.get_content_type() == "message/rfc822" and part is not message:
                yield part  # a forwarded message is an attachment
            else:
                open_.extend(item for item in reversed(inner) if isinstance(item, Message))
        else:
            yield part


def _body(parts: list[Message]) -> tuple[str, list[str]]:
    """The plain text (else the HTML's text), and the attachments' names."""
    plain, html, names = list[str](), list[str](), list[str]()
    for part in parts:
        kind, name = part.get_content_type(), part.get_filename()
        if name or part.get_content_disposition() == "attachment" or not kind.startswith("text/"):
            names.append(_decoded(name) or kind)
        elif kind == "text/html":
            html.append(text_of_html(_text(part)))
        else:
            plain.append(_text(part))
    found = "\n".join(plain) if "".join(plain).strip() else "\n".join(html)
    return found.replace("\r\n", "\n").strip(), names[:100]


def split_history(text: str) -> tuple[str, str]:
    """What the sender wrote, and the earlier messages that the mail program put below or between it."""
    marked = _QUOTES.search(text)
    own, history = (text[: marked.start()], text[marked.start() :]) if marked else (text, "")
    lines = own.split("\n")
    kept = [line for line in lines if not line.startswith(">")]
    between = "\n".join(line for line in lines if line.startswith(">"))
    own = "\n".join(kept).strip()
    if not own:  # nothing but a quote: it is all there is to read
        return text.strip(), ""
    return own, "\n".join(part for part in (between, history.strip()) if part)


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    data = data if isinstance(data, bytes) else str(part.get_payload()).encode("utf-8", "replace")
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "cp1252"):
        try:
            return data.decode(charset).replace("\0", "")
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("latin-1").replace("\0", "")


def _decoded(value: Any) -> str:
    """'=?utf-8?q?Perch=C3=A9?=' as 'Perché'; what cannot be decoded stays as it stands."""
    if value is None:
        return ""
    try:
        text = str(email.header.make_header(email.header.decode_header(str(value))))
    except (*_SENSELESS, email.errors.HeaderParseError):
        text = str(value)
    return " ".join(text.encode("utf-8", "replace").decode().replace("\0", "").split())[:2_000]


def _date(value: Any) -> str:
    try:
        return email.utils.parsedate_to_datetime(str(value)).isoformat() if value else ""
    except _SENSELESS:
        return _decoded(value)
