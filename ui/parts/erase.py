"""Erase a person: which name, in which other spellings; first where it stands, then a plan card."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<details class="card" data-keep="erase"${value.open ? ' open' : ''}><summary><b>${e(value.title)}</b> <span
 class="soft">${e(value.quiet)}</span></summary>
<form data-act="erase-find"><label><span>${e(value.name_label)}</span><input type="text" name="text" value="${e(value.text)}" maxlength="200"
 autocomplete="off"></label>
<label><span>${e(value.others_label)}</span><textarea name="others"
 rows="2">${e(value.others)}</textarea><small>${e(value.others_help)}</small></label>
<div class="do"><button type="submit" class="accent">${e(value.find)}</button></div></form>
${value.said ? `<div class="found"><p class="said">${e(value.said)}</p><ul class="places">${value.places.map(p => `<li>${e(p)}</li>`).join('')}</ul>
${value.snippets.length ? `<p class="soft">${e(value.snippets_label)}</p><ul
 class="snippets">${value.snippets.map(s => `<li>${e(s)}</li>`).join('')}</ul>` : ''}
${value.erase ? `<form data-act="erase-person">${value.choices.map(c => `<label class="check"><input type="checkbox"
 name="${e(c.name)}"${c.on ? ' checked' : ''}><span>${e(c.label)}</span></label>`).join('')}
<div class="do"><button type="submit" class="accent">${e(value.erase)}</button></div></form>` : ''}</div>` : ''}
${value.after.length ? `<ul class="places">${value.after.map(p => `<li>${e(p)}</li>`).join('')}</ul>` : ''}<div
 class="do">${buttons(value.buttons)}</div></details>"""
_CSS = """
details{padding:0 18px;margin-bottom:20px}
summary{padding:12px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
form{display:grid;gap:12px;padding:2px 0 14px}
label>span{display:block;font-size:14px;margin-bottom:3px}
small{color:var(--soft);font-size:13px}
.check{display:flex;gap:10px;align-items:flex-start}
.check span{margin:0;font-size:15px}
.found{border-top:1px solid var(--line);padding:12px 0 2px}
.said{font-weight:600;margin-bottom:6px}
.places{margin:0 0 10px 20px;overflow-wrap:anywhere}
.snippets{list-style:none;margin:4px 0 12px;font-size:14px}
.snippets li{border-left:3px solid var(--line);padding:3px 0 3px 10px;margin-bottom:4px;overflow-wrap:anywhere}
.do{display:flex;gap:8px;flex-wrap:wrap}
.do:empty{display:none}
"""


@dataclass(frozen=True)
class Choice:
    """Something that may go too."""

    name: str
    label: str
    on: bool


@dataclass(frozen=True)
class Erase:
    """`said` and what follows it are shown once it was looked; `after` once it is done."""

    title: str
    quiet: str
    name_label: str
    text: str
    others_label: str
    others: str
    others_help: str
    find: str
    open: bool = False
    said: str = ""
    places: tuple[str, ...] = ()
    snippets_label: str = ""
    snippets: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()
    erase: str = ""
    after: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()


def erase() -> gr.HTML:
    return part(_BODY, _CSS)
