"""What is worth a look in the data, or what would help: a sentence each, with the button that shows or mends it."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section class="card" aria-label="${e(value.title)}">${value.title ? `<h2>${e(value.title)}</h2>` : ''}<ul>${value.items.map(f => `<li
 class="${e(f.level)}"><span class="sign" aria-hidden="true">${f.level === 'good' ? '✓' : f.level === 'calm' ? '·' : '!'}</span><p
 title="${e(f.term)}">${e(f.text)}</p><span class="do">${buttons(f.buttons)}</span></li>`).join('')}</ul></section>"""
_CSS = """
section{padding:12px 18px;margin-bottom:20px}
h2{margin:0 0 4px}
ul{list-style:none}
li{display:grid;grid-template-columns:16px 1fr auto;gap:10px;align-items:start;padding:8px 0;border-top:1px solid var(--line)}
li:first-child{border-top:0}
.sign{font-weight:700;color:var(--soft)}
.warn .sign{color:var(--warn)}.bad .sign{color:var(--bad)}.good .sign{color:var(--good)}
p{overflow-wrap:anywhere;max-width:80ch}
.do{display:flex;gap:8px;flex-wrap:wrap}
@media(max-width:700px){li{grid-template-columns:16px 1fr}.do{grid-column:2}.do:empty{display:none}}
"""


@dataclass(frozen=True)
class Finding:
    """`level` is good, calm, warn or bad; `term` is the field's word for it, on hover."""

    level: str
    text: str
    term: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Findings:
    title: str
    items: tuple[Finding, ...]


def findings() -> gr.HTML:
    return part(_BODY, _CSS)
