"""What the doctor found: a line a check with its count, why it matters folded below, and the buttons that show and mend; then what is clean."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_FOLD = """<details data-keep="${e(f.key)}"><summary>${e(f.title)}</summary><ul class="quiet">${f.items.map(i => `<li title="${e(i.term)}">${e(i.text)}${i.note ?
 `<small>${e(i.note)}</small>` : ''}</li>`).join('')}</ul></details>"""
_BODY = (
    """<section class="card" aria-label="${e(value.title)}"><div class="top"><h2>${e(value.title)}</h2><span class="do">${buttons(value.buttons)}</span></div>
${value.note ? `<p class="note ${e(value.note_level)}" role="status">${e(value.note)}</p>` : ''}
<ul class="found">${value.lines.map(c => `<li id="check-${e(c.name)}"><b class="num">${e(c.count)}</b><div><p class="what" title="${e(c.term)}">${e(c.what)}</p>
${c.note ? `<p class="more">${e(c.note)}</p>` : ''}${c.says.map(s => `<p class="more">${e(s)}</p>`).join('')}
<details data-keep="why-${e(c.name)}"><summary>${e(value.why_label)}</summary><p>${e(c.why)}</p></details></div><span
 class="do">${buttons(c.buttons)}</span></li>`).join('')}</ul>
${value.folds.map(f => `"""
    + _FOLD
    + """`).join('')}</section>"""
)
_CSS = """
section{padding:12px 18px 14px;margin-bottom:20px}
.top{display:flex;justify-content:space-between;gap:12px;align-items:center;flex-wrap:wrap}
h2{margin:4px 0}
.note{padding:6px 0;color:var(--soft)}
.note.warn{color:var(--warn)}.note.good{color:var(--good)}
.found{list-style:none}
.found>li{display:grid;grid-template-columns:minmax(48px,auto) 1fr auto;gap:4px 14px;align-items:start;padding:10px 0;border-top:1px solid var(--line)}
.num{font-family:var(--serif);font-size:22px;font-weight:500;line-height:1.25;font-variant-numeric:tabular-nums}
.what{font-weight:600;overflow-wrap:anywhere}
.more{color:var(--soft);font-size:14px;overflow-wrap:anywhere;max-width:70ch}
.do{display:flex;gap:8px;flex-wrap:wrap;justify-content:flex-end;max-width:480px;align-items:center}
details{margin-top:2px}
summary{cursor:pointer;color:var(--soft);font-size:14px;min-height:24px;width:fit-content}
details p{font-size:14px;max-width:70ch;padding:2px 0 4px}
section>details{border-top:1px solid var(--line);padding-top:8px;margin-top:4px}
.quiet{list-style:none;font-size:14px;padding:4px 0 6px}
.quiet li{padding:2px 0}
small{display:block;color:var(--soft);font-size:13px}
@media(max-width:700px){.found>li{grid-template-columns:minmax(44px,auto) 1fr}.found .do{grid-column:1/-1;justify-content:flex-start;max-width:none}.num{font-size:19px}}
"""


@dataclass(frozen=True)
class CheckLine:
    """One check that found something. `note` counts its bundles; `says` are sentences on the whole set; `term` is the field's word, on hover."""

    name: str
    count: str
    what: str
    why: str
    note: str = ""
    says: tuple[str, ...] = ()
    term: str = ""
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Quiet:
    """A check that found nothing, or did not look."""

    text: str
    note: str = ""
    term: str = ""


@dataclass(frozen=True)
class Fold:
    """Several of them behind one line. `key` keeps it open."""

    key: str
    title: str
    items: tuple[Quiet, ...]


@dataclass(frozen=True)
class Checkup:
    """`note` says that nobody looked yet, that it is of older rows, or that all is well."""

    title: str
    why_label: str
    lines: tuple[CheckLine, ...] = ()
    folds: tuple[Fold, ...] = ()
    note: str = ""
    note_level: str = ""
    buttons: tuple[Button, ...] = ()


def checkup() -> gr.HTML:
    return part(_BODY, _CSS)
