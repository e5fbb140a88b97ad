"""Several trainings on one chart, each with its number at its line's end, so that colour is not the only sign; and below what they differ in."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.chart import FRAME, FRAME_CSS, HOME, PICTURE, WIDE
from ui.parts.part import Link, part

_BODY = (
    r"""<form data-change="compare-choose"><fieldset><legend>${e(value.choose_label)}</legend><div
 class="picks">${value.choices.map(c => `<label class="pick${c.on ? ' on' : ''}"><input type="checkbox"
 name="${e(c.run)}"${c.on ? ' checked' : ''}${c.disabled ? ' disabled' : ''}><span class="what">${e(c.name)}</span></label>`).join('')}</div>${
 value.full ? `<small>${e(value.full)}</small>` : ''}</fieldset></form>
<figure id="compared"><figcaption>${value.lines.map((l, i) => `<span class="k r${i}">${e(l.name)}</span>`).join('')}<span
 class="note">${e(value.styles)}</span></figcaption>
${(() => {"""
    + FRAME
    + r"""
  const box = document.getElementById('compared'), W = Math.max(260, (box && box.clientWidth || 860) - 34), H = W < 600 ? 260 : 340;
  const all = value.lines.flatMap(l => l.train.concat(l.valid));
  const {x, y, path, rows, columns} = frame(W, H, Math.max(...all.map(p => p[0]), 1), Math.max(...all.map(p => p[1]), 0.1));
  const lines = value.lines.map((l, i) => { const end = (l.valid.length ? l.valid : l.train).slice(-1)[0], b = l.best;
    return `<g class="r${i}"><path d="${path(l.train)}" class="tr"></path><path d="${path(l.valid)}" class="va"></path>${b ? `<circle
 cx="${x(b[0]).toFixed(1)}" cy="${y(b[1]).toFixed(1)}" r="4.5" class="dot"></circle>` : ''}${end ? `<text x="${(x(end[0]) + 4).toFixed(1)}"
 y="${(y(end[1]) - 5).toFixed(1)}" text-anchor="${x(end[0]) > W - 40 ? 'end' : 'start'}" class="lab">${e(l.number)}</text>` : ''}</g>`; });
  return `<svg width="${W}" height="${H}" viewBox="0 0 ${W} ${H}" role="img" aria-label="${e(value.summary)}"><g>${rows.join('')}</g><g>${columns.join('')}<text
 x="${W - R}" y="${H - 4}" text-anchor="end">${e(value.axis)}</text></g>${lines.join('')}${all.length ? '' : `<text x="${(L + W - R) / 2}"
 y="${H / 2 - 10}" text-anchor="middle" class="wait">${e(value.waiting)}</text>`}</svg>`;
})()}"""
    + HOME
    + r"""</figure>
<div class="wide" tabindex="0" role="region" aria-label="${e(value.table_label)}"><table><caption>${e(value.table_label)}</caption><thead><tr><td></td>${
 value.lines.map(l => `<th scope="col">${e(l.name)}</th>`).join('')}</tr></thead><tbody>${value.rows.map(r => `<tr><th
 scope="row" title="${e(r.term)}">${e(r.name)}${r.term ? ` <code>${e(r.term)}</code>` : ''}</th>${r.values.map((v, i) => `<td
 class="num${i === r.best ? ' best' : ''}">${e(v)}${i === r.best ? ` <small>${e(value.best_word)}</small>` : ''}</td>`).join('')}</tr>`).join('')}</tbody></table></div>"""
)
_CSS = (
    FRAME_CSS
    + """
fieldset{margin-bottom:16px}
legend,.note,small,caption{font-size:14px;color:var(--soft)}
.picks{display:flex;flex-wrap:wrap;gap:6px;margin-top:4px}
.pick{display:flex;gap:7px;align-items:center;padding:4px 12px;border:1px solid var(--line);border-radius:99px;cursor:pointer;min-height:28px}
.pick.on{border-color:var(--accent);background:var(--card)}
.what{overflow-wrap:anywhere}
figcaption{display:flex;gap:6px 18px;font-size:14px;color:var(--ink);flex-wrap:wrap;margin-bottom:6px}
.k::before{content:"";display:inline-block;width:16px;height:4px;margin-right:7px;vertical-align:middle;border-radius:2px;background:var(--run)}
.r0{--run:var(--accent)}.r1{--run:var(--good)}.r2{--run:#4a7fb5}.r3{--run:var(--warn)}.r4{--run:#8a6bb8}.r5{--run:var(--train)}.r6{--run:#2a8c8c}.r7{--run:#b5577f}
path.va{stroke:var(--run);stroke-width:2.4}
path.tr{stroke:var(--run);stroke-width:1.2;stroke-dasharray:2 3;opacity:.75}
.dot{fill:var(--run);stroke:var(--card);stroke-width:2}
.lab{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px}
.wide{overflow-x:auto;margin-bottom:20px}
table{border-collapse:collapse;width:100%}
caption{text-align:left;padding-bottom:4px}
th,td{text-align:left;padding:7px 14px 7px 0;border-bottom:1px solid var(--line);font-weight:400;vertical-align:top}
thead th{font-weight:600;overflow-wrap:anywhere;min-width:120px}
tbody th{color:var(--soft)}
code{font:12px var(--mono)}
.best{font-weight:600}
"""
)


@dataclass(frozen=True)
class Choice:
    run: str
    name: str
    on: bool
    disabled: bool = False


@dataclass(frozen=True)
class Line:
    """A training: its `number` stands in its name and at the end of its line. Points are (step, loss); `best` is the lowest of the validation loss."""

    number: str
    name: str
    train: tuple[tuple[int, float], ...]
    valid: tuple[tuple[int, float], ...]
    best: tuple[int, float] | None


@dataclass(frozen=True)
class Row:
    """A line of the table: a value a training; `best` is the place of the best one, -1 for none."""

    name: str
    term: str
    values: tuple[str, ...]
    best: int = -1


@dataclass(frozen=True)
class Compared:
    """`full` says why no more can be chosen; `styles` says which kind of line is which."""

    choose_label: str
    choices: tuple[Choice, ...]
    full: str
    lines: tuple[Line, ...]
    styles: str
    axis: str
    summary: str
    waiting: str
    table_label: str
    rows: tuple[Row, ...]
    best_word: str
    home: tuple[Link, ...] = ()
    picture: str = ""
    file: str = ""


def compared() -> gr.HTML:
    return part(_BODY, _CSS, WIDE + PICTURE)
