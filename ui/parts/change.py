"""A folded form: train again with one thing changed."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.parts.part import Option, part

_BODY = """<details class="card" data-keep="change-run"><summary><b>${e(value.title)}</b> <span class="soft">${e(value.quiet)}</span></summary>
<form data-act="train-changed" data-values="${holds(value.values)}"><label>${e(value.field_label)}<select name="field">${value.fields.map(
 f => `<option value="${e(f.value)}" data-now="${e(f.note)}">${e(f.text)} · ${e(f.value)}</option>`).join('')}</select></label><label>${e(value.value_label)}<input
 name="value" required autocomplete="off" maxlength="400" placeholder="${e(value.fields[0].note)}"></label><button type="submit"
 class="accent">${e(value.button)}</button></form></details>"""
_CSS = """
details{padding:0 18px;margin-bottom:20px}
summary{padding:12px 0}
.soft,label{color:var(--soft);font-size:14px}
form{display:flex;gap:12px;flex-wrap:wrap;align-items:flex-end;padding:4px 0 16px}
label{display:grid;gap:4px;flex:1 1 200px;min-width:0}
select,input{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--edge);border-radius:8px;padding:9px 10px;width:100%;min-width:0}
"""


@dataclass(frozen=True)
class Change:
    """Each field's `text` says it in plain words, its `note` is how its value reads now."""

    title: str
    quiet: str
    field_label: str
    fields: tuple[Option, ...]
    value_label: str
    button: str
    values: dict[str, Any]


# The value that the chosen field has now stands in the empty box.
_SCRIPT = """
element.addEventListener('change', event => {
  if (event.target.name === 'field') element.querySelector('[name=value]').placeholder = event.target.selectedOptions[0].dataset.now;
});
"""


def change() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
