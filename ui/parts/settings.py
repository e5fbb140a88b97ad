"""A folded form: each field in plain words with the field's own term beside it; whole numbers, decimals, choices and switches."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import PICKS_CSS, Button, Option, part

_BODY = """<details class="card" data-keep="${e(value.name)}"><summary><b>${e(value.title)}</b>${value.quiet ? ` <span
 class="soft">${e(value.quiet)}</span>` : ''}</summary>
<form data-act="${e(value.act)}" data-values="${holds(value.values)}"${value.live ? ` data-change="${e(value.act)}"` : ''}><div
 class="grid">${value.fields.map(f => f.kind === 'choice' ? `<fieldset class="field wide"><legend>${e(f.label)} ${f.term
 ? `<code>${e(f.term)}</code>` : ''}</legend><div class="picks">${radios(f.name, f.options, f.value)}</div>${f.help ? `<small>${e(f.help)}</small>`
 : ''}</fieldset>`
 : f.kind === 'switch' ? `<label class="field check"><input type="checkbox"
 name="${e(f.name)}"${f.value ? ' checked' : ''}><span>${e(f.label)} ${f.term ? `<code>${e(f.term)}</code>` : ''}${f.help
 ? `<small>${e(f.help)}</small>` : ''}</span></label>`
 : `<label class="field"><span>${e(f.label)} ${f.term ? `<code>${e(f.term)}</code>` : ''}</span><input
 type="${f.kind === 'text' ? 'text' : 'number'}" name="${e(f.name)}"
 value="${e(f.value)}" step="any"${f.low === null ? '' : ` min="${e(f.low)}"`}${f.high === null ? '' : ` max="${e(f.high)}"`}>${f.help
 ? `<small>${e(f.help)}</small>` : ''}</label>`).join('')}</div>
<div class="do">${value.button ? `<button type="submit" class="accent">${e(value.button)}</button>` : ''}${buttons(value.buttons)}</div></form>
${value.text === null ? '' : `<form class="text" data-act="${e(value.text_act)}"
 data-values="${holds(value.values)}"><label>${e(value.text_label)}<textarea name="text"
 rows="18" spellcheck="false">${e(value.text)}</textarea></label><div class="do"><button type="submit"
 class="plain">${e(value.text_button)}</button></div></form>`}</details>"""
_CSS = """
details{margin-bottom:20px;padding:0 18px}
summary{padding:12px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
form{padding:4px 0 16px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:14px 20px}
.wide{grid-column:1/-1}
.field:not(.wide,.check){display:flex;flex-direction:column;justify-content:flex-end}
.field>span,legend{display:block;font-size:14px;padding:0;margin-bottom:3px}
code{font:12px var(--mono);color:var(--soft);background:none;padding:0;white-space:normal;overflow-wrap:anywhere}
small{display:block;color:var(--soft);font-size:13px;line-height:1.4;margin-top:3px}
.check{display:flex;gap:10px;align-items:flex-start}
.do{display:flex;gap:10px;flex-wrap:wrap;margin-top:14px}
.do:empty{display:none}
.text{border-top:1px solid var(--line);padding-top:14px}
.text label{color:var(--soft);font-size:14px}
textarea{font:13px/1.5 var(--mono)!important;color:var(--ink);margin-top:4px}
"""


@dataclass(frozen=True)
class Field:
    """`kind` is number, text, choice or switch; `term` is the field's own name."""

    name: str
    label: str
    value: Any
    kind: str = "number"
    term: str = ""
    help: str = ""
    low: float | None = None
    high: float | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True)
class Settings:
    """A change sends `act` at once when `live`, else its button does. `text` is the same as text, for those who prefer it; None leaves it out."""

    name: str
    title: str
    act: str
    fields: tuple[Field, ...]
    quiet: str = ""
    live: bool = False
    button: str = ""
    buttons: tuple[Button, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)
    text: str | None = None
    text_act: str = ""
    text_label: str = ""
    text_button: str = ""


def settings() -> gr.HTML:
    return part(_BODY, PICKS_CSS + _CSS)
