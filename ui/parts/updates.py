"""Updates with new data, newest first: what came and what was done to it, then both models on old and new cases, and which one to use."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section aria-label="${e(value.title)}">${value.items.map(i => `<article class="card ${e(i.level)}"><header><h2>${e(i.name)}</h2><p
 class="soft">${e(i.note)}</p></header><p class="said" title="${e(i.term)}">${e(i.said)}</p>
${i.sides.length ? `<table><caption class="hid">${e(value.caption)}</caption><thead><tr>${value.heads.map(h => `<th
 scope="col">${e(h)}</th>`).join('')}</tr></thead><tbody>${i.sides.map(s => `<tr><th scope="row">${e(s.cases)} <small>${e(s.rows)}</small></th><td
 class="num" title="${e(s.measure)}">${e(s.in_use)}</td><td class="num" title="${e(s.measure)}">${e(s.updated)}</td><td
 class="line" title="${e(s.term)}">${e(s.line)}</td></tr>`).join('')}</tbody></table>` : ''}
${i.facts.length ? `<ul class="facts">${i.facts.map(f => `<li>${e(f)}</li>`).join('')}</ul>` : ''}
${i.done.length ? `<p class="soft">${e(value.done_label)}</p><ul>${i.done.map(l => `<li>${e(l)}</li>`).join('')}</ul>` : ''}
${i.left.length ? `<p class="soft">${e(value.left_label)}</p><ul>${i.left.map(l => `<li>${e(l)}</li>`).join('')}</ul>` : ''}
<div class="do">${buttons(i.buttons)}</div></article>`).join('')}</section>"""
_CSS = """
article{padding:16px 20px;margin-bottom:16px}
h2{font-size:17px;font-weight:600;overflow-wrap:anywhere}
.soft,small{color:var(--soft);font-size:14px}
.said{font-family:var(--serif);font-size:20px;line-height:1.3;margin:8px 0 12px;max-width:62ch}
.good .said{color:var(--good)}
.bad .said{color:var(--bad)}
table{border-collapse:collapse;width:100%;margin-bottom:12px}
th{font-weight:500;text-align:left}
thead th{font-size:13.5px;color:var(--soft);padding:4px 12px 4px 0}
tbody :is(td,th){padding:8px 12px 8px 0;border-top:1px solid var(--line);vertical-align:top}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
.line{color:var(--soft);font-size:14px}
ul{margin:2px 0 10px;padding-left:20px}
li{margin:2px 0;overflow-wrap:anywhere}
.facts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 18px;font-variant-numeric:tabular-nums}
.do{display:flex;flex-wrap:wrap;gap:8px 12px}
.do:empty{display:none}
@media(max-width:700px){article{padding:14px}thead th:last-child,.line{display:none}.num{white-space:normal}}
"""


@dataclass(frozen=True)
class Side:
    """Both models on one kind of cases; `line` says it in words, for who sees no table."""

    cases: str
    rows: str
    in_use: str
    updated: str
    line: str
    measure: str = ""
    term: str = ""


@dataclass(frozen=True)
class Item:
    """One update. `level` colours its sentence: good, bad, or neither."""

    name: str
    note: str
    said: str
    level: str = ""
    term: str = ""
    sides: tuple[Side, ...] = ()
    facts: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Updates:
    title: str
    caption: str
    heads: tuple[str, str, str, str]
    done_label: str
    left_label: str
    items: tuple[Item, ...]


def updates() -> gr.HTML:
    return part(_BODY, _CSS)
