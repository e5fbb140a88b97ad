"""Texts made to be slow are read in a moment: work that grows with the square of so many signs would take minutes."""

import random
import time
from collections.abc import Callable

import pytest

from core.data.augment.punctuation import Punctuation
from core.data.readers import mail, xlsx
from core.data.readers.markup_text import text_of_html

_SIGNS = 100_000
_MOST_S = 5.0  # of this process alone: far from what any of them takes, and far from minutes

_SLOW: dict[str, Callable[[], object]] = {
    "a mailbox's first line without a date": lambda: mail._FROM.match(b"From " + b"x" * _SIGNS),
    "a mailbox's first line of blanks": lambda: mail._FROM.match(b"From x" + b" x" * _SIGNS),
    "formulas that never end": lambda: xlsx._NO_RESULT.findall(b"<f" * _SIGNS),
    "full stops before a word": lambda: Punctuation().vary("." * _SIGNS + "x", random.Random(1)),
    **{
        f"HTML of {piece!r}": lambda piece=piece: text_of_html(piece * _SIGNS)  # type: ignore[misc]
        for piece in (
            "<a ",
            "</a ",
            "<aaaa",
            "<a b='",
            '<a b="',
            "<!--",
            "<![CDATA[",
            "<![CDATA[>",
            "<!x",
            "<?",
            "<script>",
            "<style>x</style",
            "<!-->",
            "&#",
        )
    },
}


@pytest.mark.parametrize("name", _SLOW)
def test_a_text_made_to_be_slow_costs_as_much_as_any_other(name: str) -> None:
    began = time.process_time()
    _SLOW[name]()
    assert time.process_time() - began < _MOST_S


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Ciao <b title='a > b'>tu</b>, &egrave; ora<br/>riga</p>", "Ciao tu, è ora\nriga"),
        ("<head><title>x</title><style>p > a {}</style></head><body>testo</body>", "testo"),
        ("uno<script>if (a<b && '<head>' > c) {}</script> due", "uno due"),
        ("uno <!-- <p>due</p> -->tre<![if !x]> quattro<![endif]>", "uno tre quattro"),
        ('<p class="z>uno</p><a href=x>due', "uno\ndue"),
        ("3 < 4 &lt;x&gt; <3 &amp;amp;", "3 < 4 <x> <3 &amp;"),
        ("<script>never closed <p>x", ""),
    ],
)
def test_html_is_read_as_a_person_would(html: str, text: str) -> None:
    assert text_of_html(html) == text
