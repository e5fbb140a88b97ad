"""What mattered: a bar for each setting, the longest first; and all trials as a table below, folded."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import part

_BODY = """<section class="card" aria-label="${e(value.title)}">${value.bars.length ? `<h2>${e(value.title)}</h2><p class="soft">${e(value.note)}</p>
<ul>${value.bars.map(b => `<li><span>${e(b.name)} <code>${e(b.term)}</code></span><span class="track" aria-hidden="true"><i
 style="width:${Math.max(1, 100 * +b.share)}%"></i></span><b class="num">${e(b.text)}</b></li>`).join('')}</ul>` : ''}
<details data-keep="trials"><summary>${e(value.table_title)}</summary><div class="wide" tabindex="0" role="region"
 aria-label="${e(value.table_title)}"><table><thead><tr>${value.heads.map(h => `<th
 scope="col">${e(h)}</th>`).join('')}</tr></thead><tbody>${value.rows.map(r => `<tr class="${r.best ? 'best' : ''}">${r.cells.map(c => `<td
 class="num">${e(c)}</td>`).join('')}</tr>`).join('')}</tbody></table></div></details></section>"""
_CSS = """
section{padding:14px 18px 4px;margin-bottom:20px}
h2{font-size:16px;font-weight:600}
.soft{color:var(--soft);font-size:14px;max-width:75ch}
ul{list-style:none;margin:10px 0 6px;display:grid;gap:8px}
li{display:grid;grid-template-columns:minmax(0,1fr) minmax(80px,240px) 56px;gap:12px;align-items:center}
li b{text-align:right;font-weight:600}
code{font:12px var(--mono);color:var(--soft);background:none;padding:0;overflow-wrap:anywhere}
.track{height:10px;border-radius:5px;background:color-mix(in srgb,var(--line) 70%,transparent);overflow:hidden}
i{display:block;height:100%;background:var(--accent);border-radius:5px}
summary{padding:10px 0;color:var(--soft)}
.wide{overflow-x:auto;padding-bottom:10px}
table{border-collapse:collapse;width:100%;font-size:14px}
th{text-align:left;font-weight:400;color:var(--soft);padding:4px 14px 4px 0;white-space:nowrap}
td{border-top:1px solid var(--line);padding:5px 14px 5px 0;white-space:nowrap}
.best td{font-weight:700}
@media(max-width:700px){li{grid-template-columns:1fr 56px}.track{grid-row:2;grid-column:1/-1}}
"""


@dataclass(frozen=True)
class Bar:
    """`share` from 0 to 1; all of them together are 1."""

    name: str
    term: str
    share: float
    text: str


@dataclass(frozen=True)
class Row:
    cells: tuple[str, ...]
    best: bool


@dataclass(frozen=True)
class Influence:
    """Without bars there is only the table."""

    title: str
    note: str
    bars: tuple[Bar, ...]
    table_title: str
    heads: tuple[str, ...]
    rows: tuple[Row, ...]


def influence() -> gr.HTML:
    return part(_BODY, _CSS)
