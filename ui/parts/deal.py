"""How rows are dealt out: what suits these rows and why, the ways as cards, the column that a way needs, the shares; the rest folded."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import Option, part

_BODY = """<section class="card" aria-label="${e(value.title)}"><h2>${e(value.title)}</h2>${value.proposal ? `<p class="why">${e(value.proposal)}</p>` : ''}
<form data-act="split" data-values="${holds(value.values)}"><fieldset data-change="split-kind"><legend
 class="hid">${e(value.kinds_label)}</legend><div
 class="kinds">${radios('kind', value.kinds, value.kind)}</div></fieldset>
${value.columns.length ? `<fieldset data-change="split-kind"><legend>${e(value.columns_label)}</legend><div class="picks">${value.several
 ? value.columns.map(c => `<label class="pick"><input type="checkbox" name="by ${e(c.value)}"${c.note ? ' checked' : ''}><span
 class="what">${e(c.text)}</span></label>`).join('')
 : radios('column', value.columns, value.column)}</div></fieldset>` : ''}
${value.orders.length ? `<fieldset><legend>${e(value.orders_label)}</legend><div
 class="picks">${radios('day_first', value.orders, value.order)}</div></fieldset>` : ''}
<div class="shares">${value.shares.map(s => `<label><span>${e(s.label)} <code>${e(s.term)}</code></span><input type="number" name="${e(s.name)}"
 value="${e(s.value)}" min="${e(s.low)}" max="${e(s.high)}" step="any"></label>`).join('')}</div>
<details data-keep="split-more"><summary>${e(value.more_label)}</summary><div
 class="more">${value.more.map(s => `<label><span>${e(s.label)} <code>${e(s.term)}</code></span><input
 type="number" name="${e(s.name)}" value="${e(s.value)}" min="${e(s.low)}" max="${e(s.high)}" step="1"></label>`).join('')}
${value.switches.map(s => `<label class="check"><input type="checkbox"
 name="${e(s.name)}"${s.on ? ' checked' : ''}><span>${e(s.label)} <code>${e(s.term)}</code></span></label>`).join('')}
${value.together.length ? `<fieldset><legend>${e(value.together_label)}</legend><div
 class="picks">${radios('keep_together', value.together, value.kept)}</div></fieldset>` : ''}</div></details>
<p class="note">${e(value.note)}</p><div class="do"><button type="submit" class="accent">${e(value.button)}</button></div></form></section>"""
_CSS = """
section{padding:16px 18px;margin-bottom:20px}
.why{max-width:75ch;margin-bottom:12px}
form{display:grid;gap:14px}
legend{font-size:14px;margin-bottom:6px;padding:0}
.kinds{display:grid;grid-template-columns:repeat(auto-fit,minmax(200px,1fr));gap:8px}
.picks{display:flex;flex-wrap:wrap;gap:6px;max-height:220px;overflow:auto;padding:2px}
.pick{display:flex;gap:10px;align-items:flex-start;border:1px solid var(--line);border-radius:8px;padding:7px 12px;cursor:pointer}
.kinds .pick{border-radius:12px;padding:11px 14px}
.pick:hover{border-color:var(--edge)}
.pick:has(:checked){border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
.pick:has(:disabled){opacity:.65;cursor:not-allowed}
.pick:has(:focus-visible){outline:2px solid var(--accent);outline-offset:2px}
.pick input{margin-top:2px}
.what{overflow-wrap:anywhere}
.kinds .what{font-weight:600}
small{display:block;color:var(--soft);font-size:13.5px;line-height:1.4}
.shares,.more{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:12px 20px}
.shares label>span,.more label:not(.check)>span{display:block;font-size:14px;margin-bottom:3px}
.more{padding:10px 0 4px}
.more fieldset{grid-column:1/-1}
.check{display:flex;gap:10px;align-items:flex-start}
code{font:12px var(--mono);color:var(--soft);background:none;padding:0;white-space:normal;overflow-wrap:anywhere}
.note{color:var(--soft);font-size:14px;max-width:75ch}
.note:empty{display:none}
"""


@dataclass(frozen=True)
class Number:
    """A field for a number; `term` is the field's own name for it."""

    name: str
    label: str
    value: str
    term: str
    low: float
    high: float


@dataclass(frozen=True)
class Switch:
    """Something to turn on or off."""

    name: str
    label: str
    on: bool
    term: str


@dataclass(frozen=True)
class Deal:
    """`columns` are for the chosen kind, empty where it needs none; where `several` may be chosen, those with a note are. `orders` tell how dates are read."""

    title: str
    proposal: str
    kinds_label: str
    kinds: tuple[Option, ...]
    kind: str
    columns_label: str
    columns: tuple[Option, ...]
    column: str
    several: bool
    orders_label: str
    orders: tuple[Option, ...]
    order: str
    shares: tuple[Number, ...]
    more_label: str
    more: tuple[Number, ...]
    switches: tuple[Switch, ...]
    together_label: str
    together: tuple[Option, ...]
    kept: str
    note: str
    button: str
    values: dict[str, Any] = field(default_factory=dict)


def deal() -> gr.HTML:
    return part(_BODY, _CSS)
