"""What has the machine, what waits for it in which order and why, and what is paused."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section class="card" aria-label="${e(value.title)}"><ol>${value.items.map(i => `<li class="${e(i.state)}"><div
 class="who"><span class="name">${e(i.name)}</span><span class="soft">${e(i.quiet)}</span></div><p>${e(i.why)}</p>${i.share === null ? '' :
 `<div class="track" role="progressbar" aria-label="${e(i.name)}" aria-valuemin="0" aria-valuemax="100"
 aria-valuenow="${Math.round(100 * i.share)}"><i style="width:${Math.round(100 * i.share)}%"></i></div>`}
<div class="do">${buttons(i.buttons)}</div></li>`).join('')}</ol>${value.items.length ? '' :
 `<p class="none">${e(value.empty)}</p>`}</section>"""
_CSS = """
section{padding:0 18px;margin-bottom:20px}
ol{list-style:none;margin:0;padding:0}
li{border-top:1px solid var(--line);padding:14px 0;display:grid;gap:6px}
li:first-child{border-top:0}
.who{display:flex;gap:10px;flex-wrap:wrap;align-items:baseline;overflow-wrap:anywhere}
.name{font-weight:700}
.soft,li p,.none{color:var(--soft);font-size:14px}
li p,.none{margin:0}
.none{padding:14px 0}
li.running .name{color:var(--accent)}
.track{height:8px;border-radius:4px;background:color-mix(in srgb,var(--line) 70%,transparent);overflow:hidden}
.track i{display:block;height:100%;background:var(--accent);border-radius:4px}
.do{display:flex;gap:8px;flex-wrap:wrap}
"""


@dataclass(frozen=True)
class Item:
    """`state` is running, waiting or paused; `share` from 0 to 1 of its work, None where nobody knows."""

    state: str
    name: str
    quiet: str
    why: str
    share: float | None
    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class QueueView:
    title: str
    empty: str
    items: tuple[Item, ...]


def queue() -> gr.HTML:
    return part(_BODY, _CSS)
