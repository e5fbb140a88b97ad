"""The text of PDF files: a row a page, or one for the document. Pages that hold only pictures are named; no text is guessed from a picture."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.data.containers.archive import LockedFile
from core.data.containers.markup import BrokenDocument, NoText
from core.data.readers.base import ByteReader, Understood, Wanted
from core.data.readers.cells import record
from core.data.records import Fault, Record, fault
from core.errors import UserError

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_SENSELESS = (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError, OSError, NotImplementedError, AssertionError,
              ZeroDivisionError, OverflowError, EOFError)  # fmt: skip


class ScannedPdf(UserError):
    """Not one letter in it: photographed pages."""

    sentence = (
        "{file} holds only pictures of its {pages} page(s), no text. Have the text recognised first, as a scanner's own program can, and bring that. "
        "Nothing was imported."
    )

    def __init__(self, *, file: str, pages: int) -> None:
        super().__init__(file=file, pages=pages)


class TooManyPages(UserError):
    """More pages than the limit."""

    sentence = "{file} has more than {limit:,} pages. Bring it in parts. Nothing was imported."

    def __init__(self, *, file: str, limit: int) -> None:
        super().__init__(file=file, limit=limit)


class _TooSlow(BaseException):
    """Raised by the clock into whatever runs; no library's `except Exception` takes it."""


class Pdf(ByteReader):
    """`row` is the page."""

    name: ClassVar[str] = "pdf"
    label: ClassVar[str] = "PDF"

    def claims(self, start: bytes, path: Path | None, file: str) -> bool:
        return b"%PDF-" in start[:1024] and start.lstrip(b"\xef\xbb\xbf \r\n\t\0").startswith(b"%PDF-")

    def look(self, path: Path, wanted: Wanted) -> Understood:
        return Understood(self.name, unit=wanted.unit if wanted.unit in ("page", "document") else "page", units=("page", "document"))

    def records_of(self, path: Path, understood: Understood, wanted: Wanted) -> Iterator[Record | Fault]:
        with path.open("rb") as stream:
            reader, count = _opened(stream, wanted)
            found, pictures, texts = False, list[int](), list[str]()
            for page in range(1, count + 1):
                text, only_pictures, problem = _read(reader, page, wanted)
                if problem is not None:
                    yield problem
                if only_pictures:
                    pictures.append(page)
                    continue
                if pictures and found:
                    yield _only_pictures(pictures)
                    pictures = []
                if not text.strip():
                    continue
                if pictures:
                    yield _only_pictures(pictures)
                    pictures = []
                found = True
                if understood.unit == "document":
                    texts.append(text)
                else:
                    yield record(page, page, {"text": text, "page": page}, wanted.limits)
            if not found and pictures:
                raise ScannedPdf(file=wanted.file, pages=count)
            if pictures:
                yield _only_pictures(pictures)
            if texts:
                yield record(1, 1, {"text": "\n\n".join(texts)}, wanted.limits)
            if not found:
                raise NoText(file=wanted.file)


def _opened(stream: object, wanted: Wanted) -> "tuple[PdfReader, int]":
    import logging

    from pypdf import PdfReader
    from pypdf.errors import DependencyError, PyPdfError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it tells each oddity on its own line
    try:
        with _clock(2 * wanted.limits.page_s):
            reader = PdfReader(stream, strict=False)  # type: ignore[arg-type]
            if reader.is_encrypted and not reader.decrypt(""):
                raise LockedFile(file=wanted.file)
            count = len(reader.pages)
    except DependencyError as error:  # encrypted in a way that needs a library which is not here
        raise LockedFile(file=wanted.file) from error
    except _TooSlow as error:
        raise BrokenDocument(file=wanted.file) from error
    except (PyPdfError, *_SENSELESS) as error:
        raise BrokenDocument(file=wanted.file) from error
    if count > wanted.limits.pages:
        raise TooManyPages(file=wanted.file, limit=wanted.limits.pages)
    if not count:
        raise NoText(file=wanted.file)
    return reader, count


def _read(reader: "PdfReader", page: int, wanted: Wanted) -> tuple[str, bool, Fault | None]:
    """The page's text, whether it holds a picture and no text, and what is wrong with it."""
    from pypdf.errors import DependencyError, PyPdfError

    try:
        with _clock(wanted.limits.page_s):
            found = reader.pages[page - 1]
            text = _mended(found.extract_text())
            return text, not text.strip() and _has_pictures(found), None
    except _TooSlow:
        return "", False, fault(page, "page_too_slow", "Page {row} takes longer than {limit:g} seconds to read; it may be damaged.",
                                limit=wanted.limits.page_s)  # fmt: skip
    except (PyPdfError, DependencyError, *_SENSELESS):
        return "", False, fault(page, "page_unreadable", "Page {row} cannot be read: it is damaged.")


def _has_pictures(page: "PageObject") -> bool:
    resources = page.get("/Resources")
    found = resources.get_object().get("/XObject") if resources is not None else None
    return found is not None and any(item.get_object().get("/Subtype") in ("/Image", "/Form") for item in found.get_object().values())


def _mended(text: str) -> str:
    """Without NUL and halves of characters, which a font's table may give."""
    return text.replace("\0", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace").strip()


def _only_pictures(pages: list[int]) -> Fault:
    first, last = pages[0], pages[-1]
    if first == last:
        return fault(first, "page_only_pictures", "Page {row} holds only pictures, no text. Have the text recognised first.")
    return fault(first, "pages_only_pictures", "Pages {first} to {last} hold only pictures, no text. Have the text recognised first.",
                 first=first, last=last)  # fmt: skip


@contextmanager
def _clock(seconds: float) -> Iterator[None]:
    """Ends what takes longer, where signals can: in the main thread of a process on POSIX. Elsewhere the child's own limit has to do."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def _ring(*_: object) -> None:
        raise _TooSlow

    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
