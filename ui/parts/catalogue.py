"""Models that can be had from elsewhere: what each is good for, what it costs to have, its licence in plain words."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<details class="card" data-keep="catalogue"><summary><b>${e(value.title)}</b> <span class="soft">${e(value.quiet)}</span></summary>
<p class="soft note">${e(value.note)}</p><ul>${value.models.map(m => `<li><div><span class="name">${e(m.name)}</span><p
 class="soft">${e(m.facts)}</p><p class="soft">${e(m.licence)}</p></div>
<form data-act="download-model" data-values="${holds({model: m.id})}">${m.token_label ? `<label>${e(m.token_label)}<input type="password"
 name="token" autocomplete="off" maxlength="200"></label>` : ''}${m.button ? `<button type="submit" class="plain">${e(m.button)}</button>` : `<span
 class="soft">${e(m.here)}</span>`}</form></li>`).join('')}</ul>
${value.folder_label ? `<form class="folder" data-act="add-model"><label>${e(value.folder_label)}<input type="text" name="folder"
 maxlength="4096" required autocomplete="off"></label><button type="submit" class="plain">${e(value.folder_button)}</button></form>` : ''}<div
 class="do">${buttons(value.buttons)}</div></details>"""
_CSS = """
details{padding:0 18px;margin-bottom:20px}
summary{padding:12px 0}
.soft{color:var(--soft)}
.note{margin-bottom:8px;max-width:75ch}
ul{list-style:none}
li{display:flex;gap:8px 18px;justify-content:space-between;align-items:flex-start;border-top:1px solid var(--line);padding:10px 0;flex-wrap:wrap}
li>div{flex:1 1 300px;min-width:0}
.name{font-weight:600;overflow-wrap:anywhere}
li p{font-size:14px}
form{display:flex;gap:8px;align-items:end;flex-wrap:wrap}
label{font-size:13px;color:var(--soft)}
input{color:var(--ink);border:1px solid var(--edge);border-radius:8px;background:var(--card);padding:7px 11px;min-height:36px;box-sizing:border-box;
 display:block}
.folder{border-top:1px solid var(--line);padding:12px 0 16px}
.folder label{flex:1 1 300px}
.do{padding-bottom:12px}
.do:empty{display:none}
"""


@dataclass(frozen=True)
class Model:
    """`button` is empty for a model that is here; `token_label` only for one that asks for a token."""

    id: str
    name: str
    facts: str
    licence: str
    button: str
    here: str
    token_label: str = ""


@dataclass(frozen=True)
class Catalogue:
    title: str
    quiet: str
    note: str
    models: tuple[Model, ...]
    folder_label: str = ""
    folder_button: str = ""
    buttons: tuple[Button, ...] = ()


def catalogue() -> gr.HTML:
    return part(_BODY, _CSS)
