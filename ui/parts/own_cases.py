"""A few texts of the person's own work, to see how like them the rows are."""

from dataclasses import dataclass, field

import gradio as gr

from ui.parts.part import part

_BODY = """<details class="card" data-keep="own-cases"><summary>${e(value.title)}</summary><form data-act="own-cases" data-values="${holds(value.values)}">
<label><span>${e(value.label)}</span><textarea name="text" rows="5">${e(value.text)}</textarea></label><p class="soft">${e(value.quiet)}</p>
<button type="submit" class="plain">${e(value.button)}</button></form></details>"""
_CSS = """
details{padding:10px 18px;margin-bottom:20px}
summary{cursor:pointer;font-weight:600;min-height:24px}
label span{display:block;padding:8px 0 4px}
textarea{width:100%}
.soft{color:var(--soft);font-size:14px;padding:4px 0 10px;max-width:70ch}
"""


@dataclass(frozen=True)
class OwnCases:
    title: str
    label: str
    quiet: str
    button: str
    text: str = ""
    values: dict[str, str] = field(default_factory=dict)


def own_cases() -> gr.HTML:
    return part(_BODY, _CSS)
