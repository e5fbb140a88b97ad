"""Who answers better, on one scale: intervals first, then the table with its counts. The sentence stands above, in the lead."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import part

_BODY = """<section class="card"><p class="detail">${e(value.detail)}</p><table><caption class="hid">${e(value.caption)}</caption><thead><tr><th
 scope="col">${e(value.heads[0])}</th><th scope="col" class="bar">${e(value.heads[1])}</th><th scope="col">${e(value.heads[2])}</th><th scope="col"
 class="cnt">${e(value.heads[3])}</th></tr></thead>
<tbody>${value.rows.map(r => `<tr class="${e(r.kind)}"><th scope="row" title="${e(r.term)}">${e(r.name)}</th><td class="bar"><div class="track"
 aria-hidden="true"><i style="left:${+r.low}%;width:${Math.max(.6, r.high - r.low)}%"></i><u style="left:${+r.point}%"></u></div></td><td
 class="num">${e(r.text)}</td><td class="num cnt">${e(r.counts)}</td></tr>`).join('')}</tbody></table>
<p class="scale num" aria-hidden="true"><span>${e(value.scale[0])}</span><span>${e(value.scale[1])}</span></p>
${value.more.length ? `<details data-keep="verdict"><summary>${e(value.more_label)}</summary><div class="wrap" tabindex="0"><table
 class="more"><thead><tr>${value.more_heads.map(h => `<th
 scope="col">${e(h)}</th>`).join('')}</tr></thead><tbody>${value.more.map(r => `<tr>${r.map((c, i) => i ? `<td class="num">${e(c)}</td>` : `<th
 scope="row">${e(c)}</th>`).join('')}</tr>`).join('')}</tbody></table></div></details>` : ''}</section>"""
_CSS = """
section{padding:18px 22px;margin-bottom:20px}
.detail{color:var(--soft);max-width:75ch;margin-bottom:12px}
table{border-collapse:collapse;width:100%}
th{font-weight:500;text-align:left}
thead th{font-size:13.5px;color:var(--soft);padding:6px 12px 6px 0}
tbody :is(td,th){padding:9px 12px 9px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.bar{width:40%}
.track{position:relative;height:14px;background:color-mix(in srgb,var(--line) 55%,transparent);border-radius:7px}
i{position:absolute;top:4px;height:6px;background:var(--train);border-radius:3px}
u{position:absolute;top:0;width:3px;height:14px;margin-left:-1px;background:var(--ink);border-radius:2px}
.tuned i{background:var(--valid)}
.tuned th{font-weight:700}
.num{font-variant-numeric:tabular-nums;white-space:nowrap}
.scale{display:none}
.wrap{overflow:auto}
summary{color:var(--soft);margin-top:10px}
.more :is(td,th){font-size:14px}
@media(max-width:700px){section{padding:14px}.bar{width:28%}.cnt{display:none}tbody :is(td,th){padding-right:8px}.num{font-size:14px}}
"""


@dataclass(frozen=True)
class Answerer:
    """`low`, `point`, `high` in percent of the scale; `kind` is tuned for the person's own model."""

    name: str
    kind: str
    low: float
    point: float
    high: float
    text: str
    counts: str
    term: str = ""


@dataclass(frozen=True)
class VerdictView:
    detail: str
    caption: str
    heads: tuple[str, str, str, str]
    rows: tuple[Answerer, ...]
    scale: tuple[str, str] = ("0", "100")
    more_label: str = ""
    more_heads: tuple[str, ...] = ()
    more: tuple[tuple[str, ...], ...] = ()


def verdict() -> gr.HTML:
    return part(_BODY, _CSS, live=True)
