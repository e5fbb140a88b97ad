"""What was understood of a file: its first rows, what each column is taken for, and what to click when the guess is wrong."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import PICKS_CSS, Button, Option, part

_BODY = """<form class="card" data-act="import" data-values="${holds(value.values)}"><h2>${e(value.title)}</h2><p
 class="soft">${e(value.understood)}</p>
${value.problems.length ? `<ul class="problems">${value.problems.map(p => `<li>${e(p)}</li>`).join('')}</ul>` : ''}
${value.notes.length ? `<ul class="notes">${value.notes.map(n => `<li>${e(n)}</li>`).join('')}</ul>` : ''}
${value.asked.map(r => `<fieldset class="ask" data-change="remap"><legend>${e(r.label)}</legend><div
 class="picks">${radios('read.' + r.name, r.options, r.chosen)}</div></fieldset>`).join('')}
<div class="wrap" tabindex="0" role="region" aria-label="${e(value.rows_label)}"><table><thead><tr>${value.columns.map(c => `<th scope="col"
 class="${e(c.role ? 'used' : '')}">${e(c.name)}<small>${e(c.role)}</small></th>`).join('')}</tr></thead>
<tbody>${value.rows.map(r => `<tr>${r.map(c => `<td>${e(c)}</td>`).join('')}</tr>`).join('')}</tbody></table></div>
<fieldset data-change="remap" class="ask"><legend>${e(value.shape_label)}</legend><div
 class="picks">${radios('shape', value.shapes, value.shape)}</div></fieldset>
${value.roles.map(r => `<fieldset class="ask" data-change="remap"><legend>${e(r.label)}${r.note ? ` <small>${e(r.note)}</small>` : ''}</legend><div
 class="picks">${radios('role.' + r.name, r.options, r.chosen)}</div></fieldset>`).join('')}
${value.wrong.length ? `<details data-keep="wrong" class="wrongly"><summary>${e(value.wrong_label)}</summary>${value.wrong.map(r => `<fieldset
 class="ask" data-change="remap"><legend>${e(r.label)}</legend>${r.options.length ? `<div class="picks">${radios('read.' + r.name, r.options, r.chosen)}</div>`
 : `<input type="text" name="${e('read.' + r.name)}" value="${e(r.chosen)}" maxlength="40" aria-label="${e(r.label)}">`}${r.note ?
 `<p class="soft">${e(r.note)}</p>` : ''}</fieldset>`).join('')}</details>` : ''}
${value.name_label ? `<label class="name">${e(value.name_label)}<input type="text" name="name" value="${e(value.name)}"
 maxlength="120" required></label>` : ''}
<div class="do"><button type="submit"
 class="primary"${value.ready ? '' : ' disabled'}>${e(value.button)}</button>${buttons(value.buttons)}</div></form>"""
_CSS = """
form{padding:18px 20px;margin-bottom:20px}
.soft{color:var(--soft)}
.problems{margin:8px 0 0 18px;color:var(--warn)}
.notes{margin:8px 0 0 18px;color:var(--soft)}
.notes+.ask,.soft+.ask{margin-top:12px}
.wrongly{margin:0 0 14px}
.wrongly summary{cursor:pointer;color:var(--accent);min-height:24px}
.wrongly .ask{margin:10px 0 0}
.wrongly input[type=text]{max-width:200px}
.wrap{overflow:auto;margin:12px 0 16px;border:1px solid var(--line);border-radius:8px;max-height:320px}
table{border-collapse:collapse;min-width:100%;font-size:14px}
th{text-align:left;font-weight:600;padding:8px 12px;vertical-align:bottom;background:color-mix(in srgb,var(--line) 40%,var(--card));position:sticky;
 top:0}
th small{display:block;font-weight:400;color:var(--accent);min-height:1.2em}
td{padding:7px 12px;border-top:1px solid var(--line);vertical-align:top;max-width:420px;overflow-wrap:anywhere}
.ask{margin:0 0 14px}
legend{font-weight:600;padding:0;margin-bottom:4px}
legend small{font-weight:400;color:var(--soft)}
.pick small{display:block;color:var(--soft)}
.what{overflow-wrap:anywhere}
.name{display:block;max-width:360px;margin-bottom:14px;font-weight:600}
.name input{font-weight:400;display:block}
.do{display:flex;gap:10px;flex-wrap:wrap}
@media(max-width:900px){.pick{min-height:30px}}
"""


@dataclass(frozen=True)
class Column:
    """A column of the file; `role` says what it is taken for, empty when it is left out."""

    name: str
    role: str = ""


@dataclass(frozen=True)
class Role:
    """What a column can be, or how the file can be read; `chosen` is what it is taken for now. Without options it is a text field."""

    name: str
    label: str
    options: tuple[Option, ...]
    chosen: str
    note: str = ""


@dataclass(frozen=True)
class PreviewView:
    title: str
    understood: str
    problems: tuple[str, ...]
    rows_label: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    shape_label: str
    shapes: tuple[Option, ...]
    shape: str
    roles: tuple[Role, ...]
    button: str
    buttons: tuple[Button, ...]
    values: dict[str, str]
    name_label: str = ""
    name: str = ""
    ready: bool = True
    notes: tuple[str, ...] = ()
    asked: tuple[Role, ...] = ()
    wrong_label: str = ""
    wrong: tuple[Role, ...] = ()


def preview() -> gr.HTML:
    return part(_BODY, PICKS_CSS + _CSS)
