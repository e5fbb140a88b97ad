"""What a search is to try: each setting in plain words with the field's own term beside it, from where to where; and how much it may cost."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import PICKS_CSS, Option, part

_BODY = """<section class="card" aria-label="${e(value.title)}"><h2>${e(value.title)}</h2><p class="soft">${e(value.why)}</p>
<form data-act="${e(value.act)}" data-values="${holds(value.values)}"><ul>${value.settings.map(s => `<li><label class="check"><input type="checkbox"
 name="on ${e(s.name)}"${s.on ? ' checked' : ''}><span>${e(s.label)} <code>${e(s.name)}</code></span></label><div class="ends">${s.among
 ? `<label class="one"><span class="hid">${e(s.label)}: ${e(value.among_label)}</span><input type="text" name="among ${e(s.name)}" value="${e(s.among)}"></label>`
 : `<label><span>${e(value.low_label)}</span><input type="text" inputmode="decimal" name="low ${e(s.name)}"
 value="${e(s.low)}"></label><label><span>${e(value.high_label)}</span><input type="text" inputmode="decimal" name="high ${e(s.name)}"
 value="${e(s.high)}"></label>`}</div></li>`).join('')}</ul>
<div class="grid"><label><span>${e(value.trials_label)} <code>trials</code></span><input type="number" name="trials" value="${e(value.trials)}" min="2"
 max="500" step="1"></label><label><span>${e(value.minutes_label)} <code>minutes</code></span><input type="number" name="minutes"
 value="${e(value.minutes)}" min="0" step="any" placeholder="${e(value.minutes_hint)}"></label></div>
<details data-keep="search-more"><summary>${e(value.more_label)}</summary><div class="more"><label class="check"><input type="checkbox"
 name="halving"${value.halving ? ' checked' : ''}><span>${e(value.halving_label)} <code>successive halving</code><small>${e(value.halving_note)}</small></span></label>
<fieldset><legend>${e(value.samplers_label)}</legend><div class="picks">${radios('sampler', value.samplers, value.sampler)}</div></fieldset>
<p class="soft">${e(value.others_note)}</p><div class="grid">${value.others.map(o => `<label><span>${e(o.label)} <code>${e(o.name)}</code></span><input type="text"
 name="other ${e(o.name)}" value="" placeholder="${e(value.others_hint)}"></label>`).join('')}</div></div></details>
<div class="do"><button type="submit" class="primary">${e(value.button)}</button><span class="soft">${e(value.note)}</span></div></form></section>"""
_CSS = """
section{padding:16px 18px;margin-bottom:20px}
h2{font-size:16px;font-weight:600}
.soft{color:var(--soft);font-size:14px;max-width:75ch}
ul{list-style:none;margin:10px 0}
li{display:grid;grid-template-columns:1fr minmax(220px,320px);gap:8px 20px;align-items:center;border-top:1px solid var(--line);padding:9px 0}
.check{display:flex;gap:10px;align-items:flex-start;min-height:24px}
.ends{display:flex;gap:10px}
.ends label{flex:1;display:flex;gap:8px;align-items:center}
.ends span{color:var(--soft);font-size:14px}
code{font:12px var(--mono);color:var(--soft);background:none;padding:0;white-space:normal;overflow-wrap:anywhere}
small{display:block;color:var(--soft);font-size:13px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:12px 20px}
.grid label{display:flex;flex-direction:column;justify-content:flex-end}
.grid label>span,legend{display:block;font-size:14px;margin-bottom:3px;padding:0}
summary{padding:12px 0;color:var(--soft)}
.more{display:grid;gap:14px}
.pick small{margin-top:2px}
.do{display:flex;gap:12px;flex-wrap:wrap;align-items:center;margin-top:14px}
@media(max-width:700px){li{grid-template-columns:1fr}.do button{flex:1 1 100%}}
"""


@dataclass(frozen=True)
class Setting:
    """From `low` to `high`, or, where `among` says so, only those."""

    name: str
    label: str
    on: bool
    low: str = ""
    high: str = ""
    among: str = ""


@dataclass(frozen=True)
class SearchForm:
    """`others` are settings that are not suggested: a text such as '0.01…0.1' has them tried too."""

    title: str
    why: str
    act: str
    settings: tuple[Setting, ...]
    low_label: str
    high_label: str
    among_label: str
    trials_label: str
    trials: int
    minutes_label: str
    minutes: str
    minutes_hint: str
    more_label: str
    halving_label: str
    halving_note: str
    halving: bool
    samplers_label: str
    samplers: tuple[Option, ...]
    sampler: str
    others_note: str
    others_hint: str
    others: tuple[Setting, ...]
    button: str
    note: str
    values: dict[str, Any] = field(default_factory=dict)


def search_form() -> gr.HTML:
    return part(_BODY, PICKS_CSS + _CSS)
