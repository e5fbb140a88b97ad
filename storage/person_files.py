"""Whether a file names a person, read as text block by block. Standard library only: children import this."""

import codecs
import html
import re
from pathlib import Path

from storage.person import Person

# What opens only with a reader of its own: zip (also Excel and Word), gzip, bzip2, xz, zstd, Parquet, Arrow, PDF, Office before 2007.
_OF_THEIR_OWN = (b"PK", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd", b"PAR1", b"ARROW1", b"%PDF", b"\xd0\xcf\x11\xe0")
_MAIL = (".eml", ".mbox")  # texts within may be coded
_BLOCK, _OVERLAP = 8 << 20, 4096
_NO_TEXT = re.compile("[\x00\udc80-\udcff]")
_TAG = re.compile(r"<[^<>]{0,4000}>")
WEIGHTS = frozenset({".safetensors", ".onnx", ".data", ".bin", ".pt", ".pth", ".npy", ".npz"})
MODEL_FILES = ("config.json", "tokenizer.json", "genai_config.json")  # a model's folder holds words of the language, and hashes over them


def names(path: Path, person: Person) -> bool | None:
    """Whether its text names the person. None: it does not as far as it is text, but it opens with a reader of its own or is in another encoding."""
    plain, kept = path.suffix.lower() not in _MAIL, ""
    with path.open("rb") as file:
        start = file.read(8)
        plain = plain and not start.startswith(_OF_THEIR_OWN)
        file.seek(0)
        decoder = codecs.getincrementaldecoder(_encoding(start))("surrogateescape" if _encoding(start) == "utf-8" else "replace")
        while block := file.read(_BLOCK):
            text = kept + decoder.decode(block)
            if person.is_in(text) or (start.lstrip(b"\xef\xbb\xbf").startswith(b"<") and _in_markup(text, person)):
                return True
            plain = plain and (text.isascii() or _NO_TEXT.search(text) is None) and "\0" not in text
            kept = text[-_OVERLAP:]
    return False if plain else None


def is_packed(path: Path) -> bool:
    """Whether it opens only with a reader of its own."""
    with path.open("rb") as file:
        return file.read(8).startswith(_OF_THEIR_OWN)


def _encoding(start: bytes) -> str:
    return "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"


def _in_markup(text: str, person: Person) -> bool:
    """A name whose letters or words have tags between them, as Word writes them."""
    return any(person.is_in(html.unescape(_TAG.sub(between, text))) for between in ("", " "))
