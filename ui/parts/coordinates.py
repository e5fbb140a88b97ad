"""Parallel coordinates: a line a trial through its settings to its loss; the best one is thick, named and drawn last."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.chart import FIGURE_CSS, WIDE
from ui.parts.part import part

_BODY = r"""<figure><figcaption>${e(value.title)} <span class="soft">${e(value.note)}</span></figcaption>
${(() => {
  const box = (document.getElementById('coordinates')?.clientWidth || 860), W = Math.max(280, box - 34), H = W < 600 ? 270 : 310, T = 18, B = 52,
    side = axis => Math.max(W < 600 ? 40 : 56, 14 + 7 * Math.max(...axis.marks.map(m => m.text.length))), L = side(value.axes[0]),
    R = side(value.axes[value.axes.length - 1]);
  const n = value.axes.length, x = i => n > 1 ? L + (W - L - R) * i / (n - 1) : W / 2, y = v => T + (H - T - B) * (1 - v);
  const axes = value.axes.map((a, i) => `<g class="axis${i === n - 1 ? ' goal' : ''}"><line x1="${x(i)}" x2="${x(i)}" y1="${T}" y2="${H - B}"></line>
${a.marks.map(m => `<line x1="${x(i) - 4}" x2="${x(i)}" y1="${y(m.at).toFixed(1)}" y2="${y(m.at).toFixed(1)}"></line><text
 x="${x(i) + (i && i === n - 1 ? 9 : -7)}" y="${(y(m.at) + 4).toFixed(1)}" text-anchor="${i && i === n - 1 ? 'start' : 'end'}">${e(m.text)}</text>`).join('')}
<text x="${Math.min(Math.max(x(i), 4), W - 4)}" y="${H - B + 20 + (n > 2 && i % 2 ? 17 : 0)}"
 text-anchor="${i === 0 ? 'start' : i === n - 1 ? 'end' : 'middle'}" dx="${i === 0 ? -L + 4 : i === n - 1 ? R - 4 : 0}"
 class="name">${e(a.name)}<title>${e(a.term)}</title></text></g>`);
  const path = l => l.at.map((v, i) => (i ? 'L' : 'M') + x(i).toFixed(1) + ' ' + y(v).toFixed(1)).join('');
  const lines = value.lines.map(l => `<path d="${path(l)}" class="${e(l.kind)}"><title>${e(l.label)}</title></path>`);
  const best = value.lines.find(l => l.kind === 'best');
  const dots = best ? best.at.map((v, i) => `<circle cx="${x(i).toFixed(1)}" cy="${y(v).toFixed(1)}" r="4" class="dot"></circle>`).join('') : '';
  return `<svg width="${W}" height="${H}" viewBox="0 0 ${W} ${H}" role="img" aria-label="${e(value.summary)}">${lines.join('')}${axes.join('')}${dots}</svg>`;
})()}<p class="keys">${value.keys.map(k => `<span class="k ${e(k.kind)}">${e(k.text)}</span>`).join('')}</p></figure>"""
_CSS = """
figcaption{font-weight:600}
figcaption .soft{font-weight:400;font-size:14px}
.soft{color:var(--soft)}
svg{display:block;font-size:12px;max-width:100%;margin-top:6px}
text{fill:var(--soft);font-variant-numeric:tabular-nums;paint-order:stroke;stroke:var(--card);stroke-width:3px}
.name{fill:var(--ink)}
.axis line{stroke:var(--edge)}
.goal .name{font-weight:600}
path{fill:none;stroke-linejoin:round;stroke:var(--train);stroke-width:1.3;opacity:.75}
path:hover{stroke:var(--ink);opacity:1;stroke-width:2.4}
path.early{stroke-dasharray:3 4;opacity:.5}
path.now{stroke:var(--warn);stroke-width:2;opacity:1}
path.best{stroke:var(--valid);stroke-width:3;opacity:1}
.dot{fill:var(--valid);stroke:var(--card);stroke-width:2}
.keys{display:flex;flex-wrap:wrap;gap:4px 18px;font-size:14px;color:var(--soft)}
.k::before{content:"";display:inline-block;width:18px;border-top:2px solid var(--train);margin-right:7px;vertical-align:middle}
.k.best::before{border-top:4px solid var(--valid)}
.k.early::before{border-top-style:dashed}
.k.now::before{border-color:var(--warn)}
"""


@dataclass(frozen=True)
class Mark:
    """A value written beside its axis; `at` from 0 (below) to 1."""

    at: float
    text: str


@dataclass(frozen=True)
class Axis:
    """A setting in plain words; `term` is the field's own name, shown on hover. The last axis is the loss."""

    name: str
    term: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Line:
    """A trial: where it crosses each axis, from 0 to 1. `kind` is best, whole, early or now."""

    at: tuple[float, ...]
    kind: str
    label: str


@dataclass(frozen=True)
class Key:
    kind: str
    text: str


@dataclass(frozen=True)
class Coordinates:
    """The best line last, so that it lies above the others. `summary` says the picture in words."""

    title: str
    note: str
    axes: tuple[Axis, ...]
    lines: tuple[Line, ...]
    keys: tuple[Key, ...]
    summary: str


def coordinates() -> gr.HTML:
    return part(_BODY, FIGURE_CSS + _CSS, WIDE, elem_id="coordinates")
