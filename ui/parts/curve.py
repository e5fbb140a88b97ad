"""The live chart: training and validation loss on the same axes, the kept point marked and named, redrawn in place."""

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from ui.parts.chart import FRAME, FRAME_CSS, HOME, PICTURE, WIDE
from ui.parts.part import Link, part

MOST_POINTS = 1000
_BODY = (
    r"""<figure><figcaption><span class="k tr">${e(value.train_name)}</span><span class="k va">${e(value.valid_name)}</span><span
 class="now num">${e(value.now)}</span></figcaption>
${(() => {"""
    + FRAME
    + r"""
  const box = document.getElementById('curve'), W = Math.max(260, (box && box.clientWidth || 860) - 34), H = W < 600 ? 240 : 300;
  const t = value.train, v = value.valid, all = t.concat(v);
  const {x, y, path, rows, columns} = frame(W, H, Math.max(value.steps || 0, ...all.map(p => p[0]), 1), Math.max(...all.map(p => p[1]), 0.1));
  const b = value.best, wide = 7.2 * String(b ? b.label : '').length, left = b && x(b.step) + 12 + wide > W - R && x(b.step) - 12 - wide > L;
  const at = b ? (left ? x(b.step) - 10 : Math.min(x(b.step) + 10, Math.max(L + 2, W - R - wide))) : 0, high = b ? Math.max(T + 12, y(b.value) - 14) : 0;
  const mark = b ? `<line x1="${x(b.step).toFixed(1)}" x2="${x(b.step).toFixed(1)}" y1="${T}" y2="${H - B}" class="at"></line><circle
 cx="${x(b.step).toFixed(1)}" cy="${y(b.value).toFixed(1)}" r="5" class="dot"></circle><text x="${at.toFixed(1)}" y="${high.toFixed(1)}"
 text-anchor="${left ? 'end' : 'start'}" class="lab">${e(b.label)}</text>` : '';
  return `<svg width="${W}" height="${H}" viewBox="0 0 ${W} ${H}" role="img"
 aria-label="${e(value.summary)}"><g>${rows.join('')}</g><g>${columns.join('')}<text x="${W - R}" y="${H - 4}"
 text-anchor="end">${e(value.axis)}</text></g><path d="${path(t)}" class="tr"></path><path d="${path(v)}"
 class="va"></path><g>${mark}</g>${all.length ? '' : `<text x="${(L + W - R) / 2}" y="${H / 2 - 10}" text-anchor="middle"
 class="wait">${e(value.waiting)}</text>`}</svg>`;
})()}<p class="hid" role="status">${e(value.spoken)}</p>"""
    + HOME
    + """</figure>"""
)
_CSS = (
    FRAME_CSS
    + """
figcaption{display:flex;gap:6px 18px;font-size:14px;color:var(--soft);flex-wrap:wrap;margin-bottom:6px}
.k::before{content:"";display:inline-block;width:16px;height:3px;margin-right:7px;vertical-align:middle;border-radius:2px}
.k.tr::before{background:var(--train)}
.k.va::before{background:var(--valid);height:4px}
.now{margin-left:auto;color:var(--ink)}
path.tr{stroke:var(--train);stroke-width:1.6}
path.va{stroke:var(--valid);stroke-width:2.4}
.at{stroke:var(--valid);stroke-dasharray:3 4;opacity:.7}
.dot{fill:var(--valid);stroke:var(--card);stroke-width:2}
.lab{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px}
"""
)


@dataclass(frozen=True)
class Best:
    step: int
    value: float
    label: str


@dataclass(frozen=True)
class Curve:
    """Points are (step, loss), oldest first, at most MOST_POINTS a series. `summary` names the picture; `spoken` is read out when it changes.
    `home` are files to take home, `picture` the text of the button for the chart itself, `file` that file's name."""

    train: tuple[tuple[int, float], ...]
    valid: tuple[tuple[int, float], ...]
    steps: int
    best: Best | None
    train_name: str
    valid_name: str
    axis: str
    now: str
    summary: str
    waiting: str
    spoken: str = ""
    home: tuple[Link, ...] = ()
    picture: str = ""
    file: str = ""


def curve() -> gr.HTML:
    return part(_BODY, _CSS, WIDE + PICTURE, elem_id="curve")


def thinned(points: Sequence[tuple[int, float]], most: int = MOST_POINTS) -> tuple[tuple[int, float], ...]:
    """At most `most` points: the first, the last, and of each even stretch the lowest and the highest, so that no spike is hidden."""
    finite = [point for point in points if point[1] == point[1] and abs(point[1]) != float("inf")]
    if len(finite) <= most:
        return tuple(finite)
    inner, stretches = finite[1:-1], (most - 2) // 2
    kept = [finite[0]]
    for i in range(stretches):
        stretch = inner[i * len(inner) // stretches : (i + 1) * len(inner) // stretches]
        kept += sorted({min(stretch, key=lambda p: p[1]), max(stretch, key=lambda p: p[1])})
    return (*kept, finite[-1])
