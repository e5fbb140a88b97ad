"""Bring a recipe: a folded place to paste a recipe or a command of Olive's, what came of it, and the recipe on the page as a command to copy."""

from dataclasses import dataclass, field

import gradio as gr

from ui.parts.part import part

_BODY = """<details class="card" data-keep="bring-recipe"${value.open ? ' open' : ''}><summary><b>${e(value.title)}</b> <span
 class="soft">${e(value.quiet)}</span></summary>
<form data-act="bring-recipe"><label>${e(value.label)}<textarea name="text" rows="6"
 spellcheck="false" placeholder="${e(value.example)}"></textarea></label><div class="do"><button type="submit"
 class="accent">${e(value.button)}</button></div></form>
${value.said ? `<div class="said" role="status"><p><b>${e(value.said)}</b></p>${value.missing.length ? `<p>${e(value.missing_label)}</p><dl>${value.missing.map(
 m => `<div><dt><code>${e(m.option)}${m.value ? ' ' + e(m.value) : ''}</code></dt><dd>${e(m.why)}</dd></div>`).join('')}</dl>` : ''}${value.notes.length
 ? `<ul>${value.notes.map(n => `<li>${e(n)}</li>`).join('')}</ul>` : ''}</div>` : ''}
${value.command ? `<div class="command"><p id="as-command">${e(value.command_label)}</p><pre tabindex="0" aria-labelledby="as-command">${e(value.command)}</pre></div>` : ''}
</details>"""
_CSS = """
details{margin-bottom:20px;padding:0 18px}
summary{padding:12px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
form{padding:4px 0 16px}
label,.command p{color:var(--soft);font-size:14px}
textarea,pre{font:13px/1.5 var(--mono)!important;color:var(--ink);margin-top:4px}
.do{margin-top:14px}
.said{border-top:1px solid var(--line);padding:12px 0}
.said p{margin:0 0 8px}
dl{margin:0 0 12px;display:grid;gap:8px}
dd{margin:0;color:var(--soft);font-size:14px}
dt code{font:13px var(--mono);overflow-wrap:anywhere;white-space:normal}
ul{margin:0;padding-left:20px;font-size:14px}
.command{border-top:1px solid var(--line);padding:12px 0 16px}
.command p{margin:0 0 4px}
pre{user-select:all;white-space:pre-wrap;overflow-wrap:anywhere;margin:0;padding:10px 12px;border:1px solid var(--line);border-radius:8px}
"""


@dataclass(frozen=True)
class Missing:
    """What has no counterpart: the option as it was written, its value, why."""

    option: str
    value: str
    why: str


@dataclass(frozen=True)
class BringRecipe:
    """`said` is what came of the last text; the command is selected as a whole by one click."""

    title: str
    quiet: str
    label: str
    example: str
    button: str
    open: bool = False
    said: str = ""
    missing_label: str = ""
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    command: str = ""
    command_label: str = ""


def bring_recipe() -> gr.HTML:
    return part(_BODY, _CSS)
