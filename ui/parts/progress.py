"""Work that is going on: what is being done, how far it is, how long it takes still, and a way to stop it."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section class="card"><div class="row"><b>${e(value.text)}</b><span class="left num">${e(value.left)}</span></div>
<div class="track" role="progressbar" aria-label="${e(value.text)}" aria-valuemin="0"
 aria-valuemax="100" ${value.share === null ? '' : `aria-valuenow="${Math.round(100 * value.share)}"`}><i
 class="${value.share === null ? 'unsure' : ''}" style="width:${value.share === null ? 30 : Math.max(1, 100 * +value.share)}%"></i></div>
<div class="row"><span class="soft">${e(value.detail)}</span><span class="do">${buttons(value.buttons)}</span></div></section>"""
_CSS = """
section{padding:14px 18px;margin-bottom:20px}
.row{display:flex;justify-content:space-between;gap:12px;align-items:center;flex-wrap:wrap}
.soft,.left{color:var(--soft)}
.track{height:8px;border-radius:4px;background:color-mix(in srgb,var(--line) 70%,transparent);margin:8px 0;overflow:hidden}
i{display:block;height:100%;background:var(--accent);border-radius:4px;transition:width .4s}
.unsure{animation:pass 1.6s ease-in-out infinite alternate}
@keyframes pass{from{margin-left:0}to{margin-left:70%}}
"""


@dataclass(frozen=True)
class Progress:
    """`share` from 0 to 1, None while nobody knows."""

    text: str
    share: float | None
    left: str = ""
    detail: str = ""
    buttons: tuple[Button, ...] = ()


def progress() -> gr.HTML:
    return part(_BODY, _CSS)
