"""Which letters the bytes of a file mean: UTF-8, UTF-16, latin-1 and cp1252 told apart by rules, the rest guessed by charset-normalizer."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from core.errors import UserError
from core.sentence import Sentence

_SAMPLE_BYTES = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_EXCEL, _OFFICE, _PDF, _PARQUET, _DATABASE, _PICTURE = (
    Sentence("binary.excel", "an Excel file or another zip archive"),
    Sentence("binary.office", "an old Excel or Word file"),
    Sentence("binary.pdf", "a PDF"),
    Sentence("binary.parquet", "a Parquet file"),
    Sentence("binary.database", "a database"),
    Sentence("binary.picture", "a picture"),
)
_KNOWN_STARTS = (
    (b"PK\x03\x04", _EXCEL),
    (b"\xd0\xcf\x11\xe0", _OFFICE),
    (b"%PDF", _PDF),
    (b"PAR1", _PARQUET),
    (b"SQLite format 3", _DATABASE),
    (b"\x89PNG", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    *((start, Sentence("binary.packed", "a packed file ({kind})", {"kind": kind}))
      for start, kind in ((b"7z\xbc\xaf", "7-Zip"), (b"BZh", "bzip2"), (b"\xfd7zXZ", "xz"), (b"(\xb5/\xfd", "zstd"))),
)  # fmt: skip
_UNDEFINED_IN_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_LETTERS = frozenset(range(0x41, 0x5B)) | frozenset(range(0x61, 0x7B))
_WESTERN = frozenset("àáâäãåæçèéêëìíîïñòóôöõøœùúûüßÀÁÂÄÃÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÖÕØŒÙÚÛÜ’‘“”–—…€£«»°§ºª¿¡·")
_KANA = frozenset(map(chr, range(0x3041, 0x30FF)))
_INSIDE_WORDS = frozenset(b"\x92\x96\x97\x9a\x9c\x9e")  # cp1252: an apostrophe, dashes, small letters
_AFTER_WORDS = _INSIDE_WORDS | frozenset(b"\x80\x85\x91\x93\x94\x99\xa0\xa9\xaa\xae\xb0\xb2\xb3\xb4\xb7\xba\xbb")


class BinaryFile(UserError):
    """The bytes are no text."""

    sentence = "{file} is {what}, not a text file with rows. Save it as CSV (UTF-8) or JSON Lines and import that. Nothing was imported."

    def __init__(self, *, file: str, what: Sentence) -> None:
        super().__init__(file=file, what=what)


class BrokenEncoding(UserError):
    """Nearly all of the file is one encoding and a few bytes are not, or not the one that was chosen."""

    sentence = (
        "Line {line} of {file} holds bytes that are not {encoding}. Save the file again as UTF-8, or choose its encoding. Nothing was imported."
    )

    def __init__(self, *, file: str, line: int, encoding: str) -> None:
        super().__init__(file=file, line=line, encoding=encoding)


class UnknownEncoding(UserError):
    """No rule and no guess fits, or a name that Python does not know."""

    sentence = (
        "The letters of {file} cannot be told from its bytes{tried}. Save the file again as UTF-8, or choose its encoding. Nothing was imported."
    )

    def __init__(self, *, file: str, tried: Sentence | str = "") -> None:
        super().__init__(file=file, tried=tried)


@dataclass
class _Seen:
    """Counts over the bytes. `bad` are places that are not UTF-8, `good` are letters beyond ASCII that are."""

    good: int = 0
    bad: int = 0
    bad_line: int = 0
    lines: int = 1
    nul_even: int = 0
    nul_odd: int = 0
    size: int = 0
    sample: bytes = b""


def detect(chunks: Iterable[bytes], file: str, *, whole: bool = True) -> str:
    """A Python codec's name. `whole` says that the chunks end where the file ends. Raises BinaryFile, BrokenEncoding, UnknownEncoding."""
    seen, decoder, start = _Seen(), codecs.getincrementaldecoder("utf-8")("replace"), b""
    for chunk in chunks:
        if not start:
            start = chunk[:64]
            if (marked := _marked(start, file)) is not None:
                return marked
        _look(seen, chunk, decoder)
    if whole:
        seen.bad += decoder.decode(b"", True).count("\ufffd")
    if seen.nul_even or seen.nul_odd:
        return _wide(seen, file)
    if not seen.bad:
        return "utf-8"
    if seen.good > 3 * seen.bad:
        raise BrokenEncoding(file=file, line=seen.bad_line or seen.lines, encoding="UTF-8")
    return _single_byte(seen.sample, file)


def codec(name: str, file: str) -> str:
    """The codec of a name that a person chose. Raises UnknownEncoding."""
    try:
        found = codecs.lookup(name)
    except LookupError as error:
        raise UnknownEncoding(file=file, tried=Sentence("no_encoding", " ('{name}' is no encoding)", {"name": name})) from error
    if not getattr(found, "_is_text_encoding", True):  # base64 and rot13 are codecs too
        raise UnknownEncoding(file=file, tried=Sentence("no_encoding", " ('{name}' is no encoding)", {"name": name}))
    return found.name


def _marked(start: bytes, file: str) -> str | None:
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            return encoding
    for known, what in _KNOWN_STARTS:
        if start.startswith(known):
            raise BinaryFile(file=file, what=what)
    return None


def _look(seen: _Seen, chunk: bytes, decoder: codecs.IncrementalDecoder) -> None:
    if b"\0" in chunk:
        odd = chunk[1 - seen.size % 2 :: 2].count(0)
        seen.nul_odd += odd
        seen.nul_even += chunk.count(0) - odd
    if not chunk.isascii() and len(seen.sample) < _SAMPLE_BYTES:
        seen.sample += b"\n".join(line for line in chunk.split(b"\n") if not line.isascii())[:_SAMPLE_BYTES]
    text = decoder.decode(chunk)
    if not text.isascii():
        bad = text.count("\ufffd") - chunk.count(b"\xef\xbf\xbd")
        if bad > 0 and not seen.bad:
            seen.bad_line = seen.lines + text.count("\n", 0, text.index("\ufffd"))
        seen.bad += max(bad, 0)
        seen.good += len(text) - len(text.encode("ascii", "ignore")) - max(bad, 0)
    seen.lines += chunk.count(b"\n")
    seen.size += len(chunk)


def _wide(seen: _Seen, file: str) -> str:
    """UTF-16 without its mark has a NUL at every other byte of Western text; a few stray NULs are left for the rows to name."""
    nul = seen.nul_even + seen.nul_odd
    if nul * 4 > seen.size and min(seen.nul_even, seen.nul_odd) * 20 < nul:
        return "utf-16-le" if seen.nul_odd > seen.nul_even else "utf-16-be"
    if nul * 1000 > seen.size or seen.bad:
        raise BinaryFile(file=file, what=Sentence("binary.data", "binary data"))
    return "utf-8"


def _single_byte(sample: bytes, file: str) -> str:
    if _reads_as_western(sample):
        return "cp1252" if any(0x80 <= byte < 0xA0 for byte in sample) else "latin-1"
    old = max(("mac_roman", "cp850"), key=lambda encoding: _western_share(sample.decode(encoding)))  # Excel's "Macintosh" and "MS-DOS"
    if _western_share(sample.decode(old)) >= 0.95:
        return old
    from charset_normalizer import from_bytes  # 50 ms, and hardly ever needed

    found = from_bytes(sample, threshold=0.3)
    best = found.best()
    if best is None:
        raise UnknownEncoding(file=file)
    # It likes Korean better than Japanese; but text of which a good part is kana is Japanese.
    japanese = next((match for match in found if _share(str(match), _KANA) >= 0.2), None)
    return (japanese or best).encoding


def _share(text: str, letters: frozenset[str]) -> float:
    """Of the characters beyond ASCII."""
    beyond = [character for character in text if character > "\x7f"]
    return sum(character in letters for character in beyond) / max(len(beyond), 1)


def _western_share(text: str) -> float:
    """Of the characters beyond ASCII, less the capitals that follow a small letter."""
    capitals = sum(after in _WESTERN and after.isupper() and before.islower() for before, after in pairwise(text))
    return _share(text, _WESTERN) - capitals / max(len(text) - len(text.encode("ascii", "ignore")), 1)


def _reads_as_western(sample: bytes) -> bool:
    """In Western text letters beyond ASCII are few and stand alone among plain ones; in Cyrillic, Greek or Chinese they are the text."""
    if _UNDEFINED_IN_CP1252 & set(sample):
        return False
    high = runs = odd = 0
    before = 0
    for byte, after in zip(sample, sample[1:] + b"\n", strict=True):
        if byte >= 0x80:
            high += 1
            runs += before < 0x80
            allowed = _INSIDE_WORDS if after in _LETTERS else _AFTER_WORDS
            odd += before in _LETTERS and (byte in (0xD7, 0xF7) or (byte < 0xC0 and byte not in allowed))
        before = byte
    plain = sum(0x20 < byte < 0x7F for byte in sample)
    return high <= plain and high <= 2.2 * runs and odd * 5 <= high
