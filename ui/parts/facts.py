"""A strip of two to five numbers with a note each."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import part

_BODY = """<dl>${value.map(f => `<div title="${e(f.term)}"><dt>${e(f.name)}</dt><dd class="n">${e(f.value)}</dd>${f.note ? `<dd
 class="note">${e(f.note)}</dd>` : ''}</div>`).join('')}</dl>"""
_CSS = """
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(136px,1fr));border:1px solid var(--line);border-radius:12px;background:var(--line);
 gap:1px;overflow:hidden;margin-bottom:20px}
div{padding:12px 18px;background:var(--card)}
dt{font-size:13.5px;color:var(--soft)}
dd{margin:0;color:var(--ink)}
.n{font-size:24px;line-height:1.25;font-family:var(--serif);font-variant-numeric:tabular-nums lining-nums;overflow-wrap:anywhere}
.note{font-size:13px;color:var(--soft)}
@media(max-width:500px){dl{grid-template-columns:1fr 1fr}div:last-child:nth-child(odd){grid-column:1/-1}div{padding:10px 12px}.n{font-size:21px}}
"""


@dataclass(frozen=True)
class Fact:
    """`term` is the field's own name for it, shown on hover."""

    name: str
    value: str
    note: str = ""
    term: str = ""


def facts() -> gr.HTML:
    """Its value is a list of Fact."""
    return part(_BODY, _CSS, live=False)
