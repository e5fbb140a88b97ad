"""A few questions that a model answers while it learns: what was asked, what the row says, what it answers now, and what it answered before."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section class="card" aria-labelledby="pinned-title"><header><h2 id="pinned-title">${e(value.title)}</h2><span
 class="soft">${e(value.quiet)}</span></header><ol>${value.questions.map((q, i) => `<li><p class="asked">${e(q.question)}</p><dl><div><dt>${e(
 value.wanted_label)}</dt><dd>${e(q.wanted)}</dd></div><div><dt>${e(value.now_label)}</dt><dd class="${e(q.level)}">${e(q.now)} <span
 class="mark">${e(q.mark)}</span></dd></div></dl>${q.before.length ? `<details data-keep="pinned-${i}"><summary>${e(value.before_label)}</summary><ul>${
 q.before.map(b => `<li><span class="step num">${e(b.when)}</span> <span class="${e(b.level)}">${e(b.text)}</span></li>`).join('')}</ul></details>`
 : ''}${button(q.button)}</li>`).join('')}</ol>${value.button ? `<div class="do">${button(value.button)}</div>` : ''}</section>"""
_CSS = """
section{padding:14px 18px;margin-bottom:20px}
header{display:flex;gap:4px 12px;flex-wrap:wrap;align-items:baseline;margin-bottom:4px}
h2{font-size:16px;margin:0}
.soft,dt,summary,.step{color:var(--soft);font-size:14px}
ol,ul{list-style:none}
ol>li{border-top:1px solid var(--line);padding:10px 0}
.asked{margin:0 0 4px;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:1fr 1fr;gap:2px 20px;margin:0}
dd{margin:0;overflow-wrap:anywhere}
.mark{font-size:13.5px}
.good{color:var(--good)}.warn{color:var(--warn)}
.step{display:inline-block;min-width:92px}
ul{padding:4px 0}
ul li{overflow-wrap:anywhere}
@media(max-width:500px){dl{grid-template-columns:1fr}}
"""


@dataclass(frozen=True)
class Before:
    """An earlier answer, from the evaluation at which it first was given."""

    when: str
    text: str
    level: str


@dataclass(frozen=True)
class Question:
    """`level` is good or warn; `mark` says the same in words."""

    question: str
    wanted: str
    now: str
    mark: str
    level: str
    before: tuple[Before, ...] = ()
    button: Button | None = None


@dataclass(frozen=True)
class Pinned:
    title: str
    quiet: str
    wanted_label: str
    now_label: str
    before_label: str
    questions: tuple[Question, ...]
    button: Button | None = None


def pinned() -> gr.HTML:
    return part(_BODY, _CSS)
