"""Things to open: runs, verdicts or packages of the project, the open one marked."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<details class="card" data-keep="runs"><summary><b>${e(value.title)}</b> <span
 class="soft">${e(value.quiet)}</span></summary><ul>${value.items.map(i => `<li class="${i.on ? 'on' : ''}"><div><span
 class="name">${e(i.name)}</span><span class="soft num">${e(i.note)}</span></div><span
 class="do">${buttons(i.buttons)}</span></li>`).join('')}</ul></details>"""
_CSS = """
details{padding:0 18px;margin-bottom:20px}
summary{padding:12px 0}
.soft{color:var(--soft)}
ul{list-style:none;padding-bottom:6px}
li{display:flex;justify-content:space-between;gap:12px;align-items:center;border-top:1px solid var(--line);padding:8px 0;flex-wrap:wrap}
li div{display:grid;min-width:0;overflow-wrap:anywhere}
.on .name{font-weight:700}
.do{display:flex;gap:8px}
"""


@dataclass(frozen=True)
class Item:
    name: str
    note: str
    on: bool
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class Runs:
    title: str
    quiet: str
    items: tuple[Item, ...]


def runs() -> gr.HTML:
    return part(_BODY, _CSS)
