"""A row of buttons; the first primary one is the screen's next step."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<div class="bar">${buttons(value.buttons)}${value.note ? `<span class="soft">${e(value.note)}</span>` : ''}</div>"""
_CSS = """
.bar{display:flex;gap:10px;flex-wrap:wrap;align-items:center;margin:0 0 20px}
.soft{color:var(--soft);font-size:14px}
@media(max-width:900px){.bar button.primary{flex:1 1 100%}}
"""


@dataclass(frozen=True)
class Bar:
    buttons: tuple[Button, ...]
    note: str = ""


def bar() -> gr.HTML:
    return part(_BODY, _CSS)
