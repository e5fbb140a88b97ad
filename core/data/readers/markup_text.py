"""The text of a piece of HTML, as a person would read it; nothing in it is run or fetched. Linear, which Python's own HTML parser is not: a tag opened
10,000 times and never closed costs it 6 s."""

import re
from html import unescape

_HIDDEN = frozenset({"script", "style", "head", "title", "template"})
_BREAKING = frozenset({"p", "div", "br", "tr", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "blockquote"})
# A tag ends at the first '>' outside of quotes, or, where these do not work out, at the first one; none holds a '<'.
_TAG = re.compile(r"""<(?P<end>/?)(?P<name>[A-Za-z][^\s/<>]*+)(?:(?:[^<>"']|"[^"<]*"|'[^'<]*')*+>|[^<>]*+>)|<[!?][^<>]*+>""")
_RAW_END = {name: re.compile(rf"</{name}\b", re.IGNORECASE) for name in ("script", "style")}  # what looks like a tag within is none


def text_of_html(html: str) -> str:
    html = _without_comments(html)
    pieces, hidden, at = list[str](), 0, 0
    while (tag := _TAG.search(html, at)) is not None:
        if not hidden:
            pieces.append(unescape(html[at : tag.start()]))
        name, at = (tag["name"] or "").lower(), tag.end()
        if name in _BREAKING:
            pieces.append("" if hidden else "\n")
        elif name in _HIDDEN and not tag[0].endswith("/>"):
            hidden = max(0, hidden - 1) if tag["end"] else hidden + 1
            if name in _RAW_END and not tag["end"]:
                end = _RAW_END[name].search(html, at)
                at = end.start() if end is not None else len(html)
    if not hidden:
        pieces.append(unescape(html[at:]))
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _without_comments(html: str) -> str:
    kept, at = list[str](), 0
    while (start := html.find("<!--", at)) >= 0 and (end := html.find("-->", start + 4)) >= 0:
        kept.append(html[at:start])
        at = end + 3
    return "".join((*kept, html[at:]))
