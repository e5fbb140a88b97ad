"""How alike the parts of a split are: the sentence first, what leaks, then a line a trait; how it was tested stands one level down."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import PICKS_CSS, Option, part

_BODY = """<section class="card ${e(value.level)}" aria-label="${e(value.title)}"><p class="said">${e(value.headline)}</p><ul>${value.lines.map(l => `<li
 class="${e(l.level)}" title="${e(l.term)}"><span class="sign"
 aria-hidden="true">${l.level === 'good' ? '✓' : l.level === 'calm' ? '·' : '!'}</span><span>${e(l.text)}</span></li>`).join('')}</ul>
<details data-keep="split-tests"><summary>${e(value.more_label)}</summary><div class="wrap" tabindex="0" role="region"
 aria-label="${e(value.more_label)}"><table><tbody>${value.lines.filter(l => l.term).map(l => `<tr><th
 scope="row">${e(l.text)}</th><td>${e(l.term)}</td></tr>`).join('')}</tbody></table></div>${value.columns.length ? `<form
 data-change="split-compare"><fieldset><legend>${e(value.columns_label)}</legend><div
 class="picks">${radios('compared', value.columns, value.column)}</div></fieldset></form>` : ''}</details></section>"""
_CSS = """
section{padding:14px 18px;margin-bottom:20px;border-left:3px solid var(--good)}
section.warn{border-left-color:var(--warn)}section.calm{border-left-color:var(--edge)}section.bad{border-left-color:var(--bad)}
.said{font-family:var(--serif);font-size:19px;line-height:1.3;margin-bottom:8px;overflow-wrap:anywhere}
ul{list-style:none;margin-bottom:8px}
li{display:grid;grid-template-columns:16px 1fr;gap:8px;padding:3px 0;overflow-wrap:anywhere}
.sign{font-weight:700;color:var(--soft)}
.good .sign{color:var(--good)}.warn .sign{color:var(--warn)}.bad .sign{color:var(--bad)}
summary{color:var(--soft);font-size:14px}
.wrap{overflow:auto}
table{border-collapse:collapse;width:100%;font-size:13.5px;margin:6px 0 10px}
th,td{text-align:left;font-weight:400;padding:6px 12px 6px 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td{font-variant-numeric:tabular-nums;color:var(--soft)}
legend{font-size:14px;margin-bottom:6px;padding:0}
.what{overflow-wrap:anywhere}
"""


@dataclass(frozen=True)
class Line:
    """`level` is good, calm, warn or bad; `term` is the test behind it, empty where there is none."""

    level: str
    text: str
    term: str = ""


@dataclass(frozen=True)
class Alike:
    """`columns` can be compared too; `column` is the one that is."""

    title: str
    headline: str
    level: str
    lines: tuple[Line, ...]
    more_label: str
    columns_label: str = ""
    columns: tuple[Option, ...] = ()
    column: str = ""


def alike() -> gr.HTML:
    return part(_BODY, PICKS_CSS + _CSS)
