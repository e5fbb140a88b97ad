"""The sections of a page as one row of buttons, and which dataset is in hand where there are several."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Option, part

_BODY = """<nav aria-label="${e(value.label)}"><ul>${value.views.map(v => `<li><button type="button" class="view" data-act="view"
 data-values="${holds({view: v.value})}"${v.value === value.open ? ' aria-current="page"' : ''}>${e(v.text)}${v.note ? ` <small>${e(v.note)}</small>`
 : ''}</button></li>`).join('')}</ul>${value.datasets.length > 1 ? `<form data-change="dataset" class="sets"><fieldset><legend
 class="hid">${e(value.datasets_label)}</legend>${radios('dataset', value.datasets, value.dataset)}</fieldset></form>` : ''}</nav>"""
_CSS = """
nav{margin:0 0 18px;display:grid;gap:8px}
ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;border-bottom:1px solid var(--line)}
.view{border:0;background:none;border-radius:0;padding:6px 2px 8px;color:var(--soft);border-bottom:2px solid transparent;margin-bottom:-1px}
.view:hover{color:var(--ink)}
.view[aria-current]{color:var(--ink);font-weight:600;border-bottom-color:var(--accent)}
small{font-weight:400;color:var(--soft)}
fieldset{display:flex;flex-wrap:wrap;gap:6px}
.pick{display:flex;gap:7px;align-items:center;padding:4px 12px;border:1px solid var(--line);border-radius:99px;cursor:pointer;min-height:28px}
.pick:has(:checked){border-color:var(--accent);background:var(--card)}
.what{overflow-wrap:anywhere}
@media(max-width:700px){ul{gap:0 16px}}
"""


@dataclass(frozen=True)
class Views:
    """`note` of an option is a short count beside the name."""

    label: str
    views: tuple[Option, ...]
    open: str
    datasets_label: str = ""
    datasets: tuple[Option, ...] = ()
    dataset: str = ""


def views() -> gr.HTML:
    return part(_BODY, _CSS)
