"""Small charts side by side: what goes along with the loss, such as the size of the corrections, the speed and the memory."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import part

_BODY = r"""<ul aria-label="${e(value.label)}">${value.charts.map(c => {
  const p = c.points, W = 200, H = 44, last = p[p.length - 1][0], first = p[0][0], top = Math.max(...p.map(q => q[1])), low = Math.min(0, ...p.map(q => q[1]));
  const x = s => last > first ? (s - first) / (last - first) * W : 0, y = v => top > low ? H - 2 - (v - low) / (top - low) * (H - 4) : H / 2;
  return `<li title="${e(c.term)}"><span class="what">${e(c.name)}</span><b class="num">${e(c.now)}</b><svg viewBox="0 0 ${W} ${H}"
 preserveAspectRatio="none" role="img" aria-label="${e(c.summary)}"><path d="${p.map((q, i) => (i ? 'L' : 'M') + x(q[0]).toFixed(1) + ' '
 + y(q[1]).toFixed(1)).join('')}"></path></svg></li>`;
}).join('')}</ul>"""
_CSS = """
ul{list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;border:1px solid var(--line);border-radius:12px;
 background:var(--line);overflow:hidden;margin-bottom:20px}
li{background:var(--card);padding:10px 14px;display:grid;gap:2px;grid-template-rows:1fr auto auto}
.what{font-size:13.5px;color:var(--soft)}
b{font-weight:600}
svg{width:100%;height:44px;display:block}
path{fill:none;stroke:var(--train);stroke-width:1.6;vector-effect:non-scaling-stroke;stroke-linejoin:round}
@media(max-width:500px){ul{grid-template-columns:1fr 1fr}li:last-child:nth-child(odd){grid-column:1/-1}}
"""
MOST_POINTS = 120


@dataclass(frozen=True)
class SmallChart:
    """`term` is the field's own name, shown on hover; `points` are (step, value), one at least; `now` is the latest value with its unit."""

    name: str
    term: str
    now: str
    summary: str
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True)
class SmallCharts:
    label: str
    charts: tuple[SmallChart, ...]


def small_charts() -> gr.HTML:
    return part(_BODY, _CSS, live=False)
