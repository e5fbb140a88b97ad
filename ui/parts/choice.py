"""One question with a few answers to click: what should it learn, how thorough, which model, where will it run."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Option, part

_BODY = """<form class="${e(value.look)}"><fieldset data-change="${e(value.act)}"><legend>${e(value.legend)}${value.term
 ? ` <small>${e(value.term)}</small>` : ''}</legend><div
 class="picks">${radios(value.name, value.options, value.chosen)}</div></fieldset>${value.note ? `<p class="soft">${e(value.note)}</p>`
 : ''}</form>"""
_CSS = """
form{margin-bottom:20px}
legend{font-weight:600;padding:0;margin-bottom:8px}
legend small{font-weight:400;color:var(--soft)}
.picks{display:grid;grid-template-columns:repeat(auto-fit,minmax(210px,1fr));gap:8px}
.row .picks{display:flex;flex-wrap:wrap}
.pick{display:flex;gap:10px;align-items:flex-start;border:1px solid var(--line);border-radius:12px;background:var(--card);padding:11px 14px;
 cursor:pointer}
.row .pick{border-radius:8px;padding:7px 12px}
.pick:hover{border-color:var(--edge)}
.pick:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.pick:has(:disabled){opacity:.7;cursor:not-allowed}
.pick:has(:focus-visible){outline:2px solid var(--accent);outline-offset:2px}
.pick input{margin-top:3px}
.what{font-weight:600;overflow-wrap:anywhere}
small{display:block;color:var(--soft);font-size:13.5px;line-height:1.4}
legend small{display:inline}
.soft{color:var(--soft);margin-top:8px;max-width:75ch}
"""


@dataclass(frozen=True)
class Choice:
    """A click sends `act` with {name: value}. `look` is cards or row."""

    legend: str
    name: str
    options: tuple[Option, ...]
    chosen: str
    act: str
    note: str = ""
    term: str = ""
    look: str = "cards"


def choice() -> gr.HTML:
    return part(_BODY, _CSS)
