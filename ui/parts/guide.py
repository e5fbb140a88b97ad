"""Ways to do one thing, each with the case in which it is the right one: what is usual first, the rest folded under it."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<details class="card" data-keep="${e(value.name)}"><summary><b>${e(value.title)}</b> <span class="soft">${e(value.quiet)}</span></summary>
${value.lead ? `<p class="lead">${e(value.lead)}</p>` : ''}${value.groups.map((g, i) => {
 const list = `<ul>${g.ways.map(w => `<li class="${w.chosen ? 'on' : ''}"><div class="way"><h2>${e(w.name)}${w.tags.map(t =>
 ` <span class="tag">${e(t)}</span>`).join('')}</h2><p>${e(w.when)}</p><p class="soft">${e(w.what)}</p><p class="soft facts">${e(w.facts)}${w.warning
 ? ` <span class="warn">${e(w.warning)}</span>` : ''}</p>${w.source ? `<p class="soft source">${e(w.source)}</p>` : ''}</div>${w.button
 ? button(w.button) : ''}</li>`).join('')}</ul>`;
 return g.title ? `<details class="more" data-keep="${e(value.name)}-${i}"${g.open ? ' open' : ''}><summary>${e(g.title)}</summary>${list}</details>` : list;
}).join('')}</details>"""
_CSS = """
details{margin-bottom:20px;padding:0 18px}
.more{margin:0;padding:0;border-top:1px solid var(--line)}
summary{padding:12px 0;overflow-wrap:anywhere}
.soft{color:var(--soft)}
.lead{max-width:75ch;margin-bottom:8px}
ul{list-style:none;padding:0;margin:0}
li{display:flex;gap:10px 18px;justify-content:space-between;align-items:flex-start;border-top:1px solid var(--line);padding:12px 0 12px 14px;
 border-left:3px solid transparent}
li.on{border-left-color:var(--accent)}
.way{min-width:0;max-width:72ch}
h2{font-size:1em;font-weight:600;margin:0 0 2px;display:flex;flex-wrap:wrap;gap:2px 8px;align-items:baseline}
.tag{font-weight:400;font-size:12.5px;border:1px solid var(--line);border-radius:8px;padding:1px 8px;white-space:nowrap}
.way p{overflow-wrap:anywhere}
.facts,.source{font-size:13.5px}
.source{font-size:12.5px}
.warn{color:var(--warn)}
li>button{flex:none}
@media(max-width:700px){li{flex-direction:column}}
"""


@dataclass(frozen=True)
class Way:
    """`when` is the case in which it is the right one, `what` what it does, `facts` what it takes here. `button` is None for the chosen one."""

    name: str
    when: str
    what: str
    facts: str
    button: Button | None
    tags: tuple[str, ...] = ()
    warning: str = ""
    source: str = ""
    chosen: bool = False


@dataclass(frozen=True)
class Group:
    """With a title it is folded, and `open` says whether not."""

    ways: tuple[Way, ...]
    title: str = ""
    open: bool = False


@dataclass(frozen=True)
class Guide:
    name: str
    title: str
    quiet: str
    lead: str
    groups: tuple[Group, ...]


def guide() -> gr.HTML:
    return part(_BODY, _CSS)
