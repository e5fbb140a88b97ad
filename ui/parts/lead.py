"""How a screen begins: one sentence in the serif face that says where things stand, and a quieter one that says what is worth doing."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import part

_BODY = """<header class="lead ${e(value.level)}"><h1 title="${e(value.term)}">${e(value.sentence)}</h1>${value.quiet ? `<p>${e(value.quiet)}</p>`
 : ''}</header>"""
_CSS = """
.lead{padding:30px 0 20px}
h1{font-family:var(--serif);font-weight:500;font-size:30px;line-height:1.2;color:var(--ink);overflow-wrap:anywhere}
.good h1{color:var(--good)}
.bad h1{color:var(--bad)}
p{color:var(--soft);margin-top:6px;max-width:68ch}
@media(max-width:900px){.lead{padding:20px 0 16px}h1{font-size:25px}}
"""


@dataclass(frozen=True)
class Lead:
    """`level` colours a verdict (good, bad); `term` is the field's own way to say it, on hover."""

    sentence: str
    quiet: str = ""
    level: str = ""
    term: str = ""


def lead() -> gr.HTML:
    return part(_BODY, _CSS, live=False)
