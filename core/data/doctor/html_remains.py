"""What a web page or a mail left in a text: tags and entities."""

import html
import re
from collections.abc import Iterator
from html.entities import html5
from typing import TYPE_CHECKING, ClassVar

from core.data.doctor.base import MARK, Check, CheckContext, How, Mend
from core.data.doctor.rows import facts, mended
from core.sentence import Sentence
from storage.rows import Found

if TYPE_CHECKING:
    from core.data.doctor.rows import Rows

_NAMES = "p|br|div|span|a|b|i|u|em|strong|li|ul|ol|table|tbody|thead|tr|td|th|h[1-6]|img|font|html|body|head|blockquote|hr|sup|sub|center|small|label|section|meta|link|title|o:p"
_TAG = re.compile(rf"</?(?P<name>{_NAMES})(?:[ \t\r\n][^<>]{{0,600}})?[ ]?/?>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_AMPERSANDS = re.compile(r"&(?:amp;|#38;)+")
_BREAKS = re.compile(r"\A(?:br|p|div|li|tr|h[1-6]|hr|table|ul|ol|blockquote|section)\Z", re.IGNORECASE)
_SPACES, _LINES = re.compile(r"[ \t]{2,}"), re.compile(r"[ \t]*\n[ \t]*(?:\n[ \t]*)+")
_LAYERS = 12


class HtmlRemains(Check):
    name: ClassVar[str] = "html-remains"
    label: ClassVar[str] = "Remains of web pages"
    why: ClassVar[str] = (
        "'&nbsp;' and '<br>' are learned as if people said them, and the answers will hold them. Leave them where the work is about pages."
    )
    term: ClassVar[str] = "HTML tags and entities"
    mends: ClassVar[tuple[Mend, ...]] = (Mend("clean", How.REPAIR, "Turn them into plain text"), MARK)
    order: ClassVar[int] = 23

    def run(self, rows: "Rows", context: CheckContext) -> Iterator[Found | Sentence]:
        for block in rows.blocks():
            for at in sorted({*block.matching(_ENTITY), *block.matching(_TAG)}):
                if not remains(block.texts[at]):
                    continue
                index = block.start + at
                yield Found(self.name, rows.positions[index], 0, facts(), mended(rows.turns(index), cleaned))


def remains(text: str) -> bool:
    return _TAG.search(text) is not None or any(_known(hit[0]) for hit in _ENTITY.finditer(text))


def cleaned(text: str) -> str:
    """Entities become their signs, tags that break a line a line, other tags nothing; the same where there is nothing of it."""
    for _ in range(_LAYERS):
        if not remains(text):
            return text
        text = (
            _ENTITY.sub(lambda hit: html.unescape(hit[0]) if _known(hit[0]) else hit[0], _AMPERSANDS.sub("&amp;", text))
            .replace("\xa0", " ")
            .replace("\0", "")
        )
        if _TAG.search(text):
            text = _TAG.sub(lambda hit: "\n" if _BREAKS.match(hit["name"]) else "", text)
            text = _LINES.sub("\n\n", _SPACES.sub(" ", text)).strip()
    return text


def _known(entity: str) -> bool:
    return html.unescape(entity) != entity if entity[1] == "#" else entity[1:] in html5
