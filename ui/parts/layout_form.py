"""How rows are put to the model, as a form that is tried while it is typed in: the text before every question, the model's own way or a text with places."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import PICKS_CSS, Button, Option, part

_BODY = """<form class="card" data-act="${e(value.act)}" data-values="${holds(value.values)}"><h2>${e(value.title)}</h2>
<label class="field"><span title="${e(value.system_term)}">${e(value.system_label)}</span><textarea name="system_prompt" rows="3" data-input="${e(value.tried)}"
 placeholder="${e(value.system_hint)}">${e(value.system)}</textarea></label>
<fieldset class="field" data-change="${e(value.tried)}"><legend title="${e(value.way_term)}">${e(value.way_label)}</legend><div
 class="picks">${radios('way', value.ways, value.way)}</div></fieldset>
<label class="field own"><span>${e(value.text_label)}</span><textarea name="text_template" rows="4" spellcheck="false"
 data-input="${e(value.tried)}">${e(value.text)}</textarea><small>${e(value.places_label)} ${value.places.map(p => `<code>${e(p)}</code>`).join(' ')}</small></label>
<fieldset class="field" data-change="${e(value.tried)}"><legend>${e(value.learned_label)}</legend><div
 class="picks">${radios('learned_turns', value.learned_options, value.learned)}</div></fieldset>
${value.models.length > 1 ? `<fieldset class="field" data-change="${e(value.tried)}"><legend>${e(value.model_label)}</legend><div
 class="picks">${radios('base_model', value.models, value.model)}</div></fieldset>` : ''}
<div class="do"><button type="submit" class="accent">${e(value.save)}</button>${buttons(value.buttons)}<span
 class="soft">${e(value.note)}</span></div></form>"""
_CSS = """
form{padding:12px 18px 16px;margin-bottom:20px;display:grid;gap:14px}
h2{margin:0}
.field{display:block}
.field>span,legend{display:block;font-size:14px;margin-bottom:4px;color:var(--soft)}
form:not(:has(input[name=way][value=text]:checked)) .own{display:none}
textarea{display:block;width:100%;resize:vertical}
.own textarea{font:13px/1.5 var(--mono)!important}
small{display:block;color:var(--soft);font-size:13px;line-height:1.8;margin-top:4px}
code{font:12.5px var(--mono);color:var(--ink);background:color-mix(in srgb,var(--ink) 7%,transparent);border-radius:4px;padding:1px 5px;overflow-wrap:anywhere}
.pick small{line-height:1.4;margin-top:1px}
.do{display:flex;gap:10px;flex-wrap:wrap;align-items:center}
.soft{color:var(--soft);font-size:14px}
@media(max-width:700px){form{padding:10px 12px 12px}}
"""


@dataclass(frozen=True)
class LayoutForm:
    """`tried` is sent while something is typed or picked, `act` when it is to be kept. `places` are what the text can hold, in braces."""

    title: str
    act: str
    tried: str
    system_label: str
    system_term: str
    system_hint: str
    system: str
    way_label: str
    way_term: str
    ways: tuple[Option, ...]
    way: str
    text_label: str
    text: str
    places_label: str
    places: tuple[str, ...]
    learned_label: str
    learned_options: tuple[Option, ...]
    learned: str
    model_label: str
    models: tuple[Option, ...]
    model: str
    save: str
    note: str = ""
    buttons: tuple[Button, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


def layout_form() -> gr.HTML:
    return part(_BODY, PICKS_CSS + _CSS)
