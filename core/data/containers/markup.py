"""XML from strangers (Word and Excel files are zips of it): no document type, no entities, nothing fetched, sizes counted."""

import codecs
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from core.data.containers.archive import stream_of
from core.data.limits import Limits
from core.errors import UserError

_PROLOG_BYTES = 1 << 16
_ROOT = re.compile(r"<[A-Za-z_]")
_DECLARED = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))


class HostileMarkup(UserError):
    """A document type or an entity: an office program writes neither; they make a reader fetch files or fill the memory."""

    sentence = (
        "{file} holds commands ({part}) that an office program never writes; it was not opened. Save it anew with your office program and bring that. "
        "Nothing was imported."
    )

    def __init__(self, *, file: str, part: str) -> None:
        super().__init__(file=file, part=part)


class BrokenDocument(UserError):
    """An office file whose inside makes no sense, or lacks what it must have."""

    sentence = (
        "{file} is damaged: its inside makes no sense. Open it with the program that made it, save it anew and bring that. Nothing was imported."
    )

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


class NoText(UserError):
    """A document without a word."""

    sentence = "{file} holds not one word of text. Choose the file that has your rows. Nothing was imported."

    def __init__(self, *, file: str) -> None:
        super().__init__(file=file)


def check_markup(archive: zipfile.ZipFile, file: str, limits: Limits) -> None:
    """Every XML part of an office file, before a library opens it. Raises HostileMarkup, FileTooLarge."""
    from core.data.source import FileTooLarge, in_words

    for info in archive.infolist():
        if not info.filename.lower().endswith((".xml", ".rels", ".vml")):
            continue
        if info.file_size > limits.xml_bytes:
            raise FileTooLarge(file=f"{file}/{info.filename}", limit=in_words(limits.xml_bytes))
        with stream_of(archive, info, file) as stream:
            _check_prolog(stream.read(_PROLOG_BYTES), info, file)


def _check_prolog(start: bytes, info: zipfile.ZipInfo, file: str) -> None:
    encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "latin-1")
    text = start.decode(encoding, "replace")
    root = _ROOT.search(text)
    if _DECLARED.search(text, 0, root.start() if root else len(text)) or (root is None and info.file_size > _PROLOG_BYTES):
        raise HostileMarkup(file=file, part=info.filename[:80])


@contextmanager
def events(stream: IO[bytes], file: str) -> Iterator[Iterator[tuple[str, Any]]]:
    """Starts and ends of elements as they come. Raises HostileMarkup, BrokenDocument."""
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    try:
        yield iterparse(stream, events=("start", "end"), forbid_dtd=True)
    except DefusedXmlException as error:
        raise HostileMarkup(file=file, part="<!DOCTYPE>") from error
    except (ParseError, LookupError, ValueError) as error:
        raise BrokenDocument(file=file) from error
