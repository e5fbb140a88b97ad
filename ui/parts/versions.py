"""The versions of a dataset, newest first: what changed since the one before, who used it; keep the rows as they stand under a name, take one home."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import PICKS_CSS, Button, Option, part

_BODY = """<section aria-label="${e(value.title)}"><form class="keep" data-act="versions-freeze"
 data-values="${holds(value.values)}"><label><span>${e(value.name_label)}</span><input
 type="text" name="name" maxlength="120" autocomplete="off" placeholder="${e(value.name_hint)}"></label><button type="submit"
 class="accent">${e(value.keep)}</button></form>
${value.items.length ? `<ol class="card">${value.items.map(i => `<li class="${i.standing ? 'on' : ''}"><div class="text"><p class="name"><span
 class="num">${e(i.number)}</span> ${e(i.name)}${i.mark ? ` <small>${e(i.mark)}</small>` : ''}</p><p class="soft num">${e(i.note)}</p>${i.since ? `<p
 class="num">${e(i.since)}</p>` : ''}${i.used ? `<p class="soft">${e(i.used)}</p>` : ''}${i.erased ? `<p class="soft">${e(i.erased)}</p>` : ''}
${i.naming ? `<form class="keep" data-act="versions-name" data-values="${holds(i.values)}"><label><span>${e(value.rename_label)}</span><input
 type="text" name="name"
 value="${e(i.name)}" maxlength="120" autocomplete="off"></label><button type="submit" class="accent">${e(value.rename)}</button></form>` : ''}
${i.exporting ? `<form class="keep" data-act="versions-export"
 data-values="${holds(i.values)}"><fieldset><legend>${e(value.formats_label)}</legend><div
 class="picks">${radios('format', value.formats, value.format)}</div></fieldset><button type="submit"
 class="accent">${e(value.export)}</button></form>` : ''}
${i.link ? `<p><a href="${e(i.link)}" download>${e(i.link_text)}</a></p>` : ''}</div><div
 class="do">${buttons(i.buttons)}</div></li>`).join('')}</ol>`
 : `<p class="empty card">${e(value.empty)}</p>`}</section>"""
_CSS = """
section{margin-bottom:20px}
.keep{display:flex;flex-wrap:wrap;gap:8px;align-items:end;margin:0 0 14px}
.keep label{flex:1 1 240px}
.keep label span,legend{display:block;font-size:14px;margin-bottom:3px;padding:0}
ol{list-style:none;margin:0;padding:0 18px}
li{display:flex;flex-wrap:wrap;justify-content:space-between;gap:8px 16px;padding:12px 0;border-top:1px solid var(--line)}
li:first-child{border-top:0}
.text{flex:1 1 320px;min-width:0;overflow-wrap:anywhere}
.text .keep{margin:10px 0 4px}
.name{font-weight:600}
.name .num{color:var(--soft);font-weight:400}
.name small{font-weight:400;color:var(--good)}
.soft{color:var(--soft);font-size:14px}
.do{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:start}
.empty{padding:22px;color:var(--soft);text-align:center}
"""


@dataclass(frozen=True)
class Item:
    """One version. `naming` and `exporting` open its forms; `link` is its finished file."""

    number: str
    name: str
    mark: str
    note: str
    since: str
    used: str
    erased: str
    standing: bool
    naming: bool
    exporting: bool
    link: str
    link_text: str
    buttons: tuple[Button, ...]
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Versions:
    """`formats` are what a version can be taken home as."""

    title: str
    name_label: str
    name_hint: str
    keep: str
    empty: str
    items: tuple[Item, ...]
    rename_label: str
    rename: str
    formats_label: str
    formats: tuple[Option, ...]
    format: str
    export: str
    values: dict[str, Any] = field(default_factory=dict)


def versions() -> gr.HTML:
    return part(_BODY, PICKS_CSS + _CSS)
