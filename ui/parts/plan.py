"""A plan card: what is going to happen, how long it takes, what it costs, how to undo it, and two buttons."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from ui.parts.part import part

CARD = """<section class="plan card" aria-label="${e(p.title)}"><p
 class="what">${e(p.what)}</p><dl>${p.costs.map(c => `<div><dt>${e(c.name)}</dt><dd>${e(c.value)}</dd></div>`).join('')}</dl>
${p.goes.length ? `<p class="h">${e(p.goes_label)}</p><ul>${p.goes.map(g => `<li>${e(g)}</li>`).join('')}</ul>` : ''}${p.remains.length ? `<p
 class="h">${e(p.remains_label)}</p><ul>${p.remains.map(g => `<li>${e(g)}</li>`).join('')}</ul>` : ''}${p.preview.length ? `<p
 class="h">${e(p.preview_label)}</p>
<ul>${p.preview.map(t => `<li><del>${e(t[0])}</del>
<ins>${e(t[1])}</ins></li>`).join('')}</ul>` : ''}
<div class="do"><button type="button" class="${e(p.kind)}" data-act="approve"
 data-values="${holds({verb: p.verb, values: p.values, token: p.token})}">${e(p.yes)}</button><button type="button" class="plain" data-act="decline"
 data-values="${holds({token: p.token})}">${e(p.no)}</button></div></section>"""
CARD_CSS = """
.plan{padding:14px 18px;margin-bottom:20px;border-left:3px solid var(--accent);border-radius:0 12px 12px 0}
.plan .what{font-weight:600;overflow-wrap:anywhere}
.plan dl{display:flex;flex-wrap:wrap;gap:4px 20px;margin:6px 0 10px}
.plan dl div{display:flex;gap:6px}
.plan dt{color:var(--soft)}.plan dd{margin:0;font-variant-numeric:tabular-nums}
.plan .h{font-size:13.5px;color:var(--soft)}
.plan ul{margin:2px 0 10px 18px;font-size:14px;overflow-wrap:anywhere}
.plan del{color:var(--soft)}
.plan ins{display:block;text-decoration:none}
.plan .do{display:flex;gap:8px;flex-wrap:wrap}
"""
_BODY = "${(p => `" + CARD + "`)(value)}"
_SCRIPT = """
watch('value', () => { const yes = element.querySelector('[data-act=approve]'); if (yes) { yes.scrollIntoView({block: 'nearest'}); yes.focus({preventScroll: true}); } });
"""


@dataclass(frozen=True)
class Cost:
    name: str
    value: str


@dataclass(frozen=True)
class PlanView:
    """`verb`, `values` and `token` come back with a yes; the registry checks that they belong together. `kind` is the yes button's."""

    title: str
    what: str
    costs: tuple[Cost, ...]
    verb: str
    values: dict[str, Any]
    token: str
    yes: str
    no: str
    goes_label: str = ""
    goes: tuple[str, ...] = ()
    remains_label: str = ""
    remains: tuple[str, ...] = ()
    kind: str = "primary"
    preview_label: str = ""
    preview: tuple[tuple[str, str], ...] = ()


def plan() -> gr.HTML:
    return part(_BODY, CARD_CSS, _SCRIPT)
