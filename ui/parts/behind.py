"""What stands behind a training, folded away: what it said on its way, its recipe with the command that does the same, its log."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Link, part

_BODY = """<details class="card" data-keep="behind"><summary><b>${e(value.title)}</b> <span class="soft">${e(value.quiet)}</span></summary>
${value.notes.length ? `<h2>${e(value.notes_label)}</h2><ul>${value.notes.map(n => `<li><span class="soft num">${e(n.when)}</span> ${e(n.text)}</li>`).join('')}</ul>`
 : ''}<h2 id="behind-recipe">${e(value.recipe_label)}</h2><pre tabindex="0" aria-labelledby="behind-recipe">${e(value.recipe)}</pre><h2
 id="behind-command">${e(value.command_label)}</h2><pre tabindex="0" class="folds" aria-labelledby="behind-command">${e(value.command)}</pre><h2
 id="behind-log">${e(value.log_label)}</h2><pre tabindex="0" aria-labelledby="behind-log">${e(value.log)}</pre>${value.home.length ? `<p
 class="home">${value.home.map(l => `<a href="${e(l.address)}" download>${e(l.text)}</a>`).join('')}</p>` : ''}</details>"""
_CSS = """
details{padding:0 18px;margin-bottom:20px}
summary{padding:12px 0}
.soft{color:var(--soft)}
h2{font-size:14px;margin:12px 0 4px;font-weight:600}
ul{list-style:none;display:grid;gap:4px;font-size:14px}
pre{font:13px/1.5 var(--mono);color:var(--ink);margin:0;padding:10px 12px;border:1px solid var(--line);border-radius:8px;overflow:auto;max-height:340px}
.folds{white-space:pre-wrap;overflow-wrap:anywhere;user-select:all}
.home a{text-decoration:underline}
.home{display:flex;gap:4px 16px;flex-wrap:wrap;padding:12px 0 16px;margin:0;font-size:14px}
"""


@dataclass(frozen=True)
class Said:
    when: str
    text: str


@dataclass(frozen=True)
class Behind:
    """The command is selected as a whole by one click."""

    title: str
    quiet: str
    notes_label: str
    notes: tuple[Said, ...]
    recipe_label: str
    recipe: str
    command_label: str
    command: str
    log_label: str
    log: str
    home: tuple[Link, ...] = ()


def behind() -> gr.HTML:
    return part(_BODY, _CSS)
