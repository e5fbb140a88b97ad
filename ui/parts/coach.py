"""What the curves say, in one sentence with one thing to do."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<aside class="${e(value.level)}" aria-label="${e(value.label)}"><p>${value.title ? `<b>${e(value.title)}</b> `
 : ''}${e(value.text)}</p>${button(value.button, 'link')}</aside>"""
_CSS = """
aside{border-left:3px solid var(--edge);background:var(--card);border-radius:0 10px 10px 0;padding:11px 16px;margin-bottom:20px}
.warn{border-color:var(--warn)}.good{border-color:var(--good)}.bad{border-color:var(--bad)}
"""


@dataclass(frozen=True)
class Coach:
    """`level` is good, warn, bad or calm."""

    level: str
    label: str
    text: str
    title: str = ""
    button: Button | None = None


def coach() -> gr.HTML:
    return part(_BODY, _CSS)
