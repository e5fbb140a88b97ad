"""Test rows with what each model answered: those that got worse first, for people trust what they have read."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.filled import CSS, Slot, Stretch
from ui.parts.part import Button, Option, part

_BODY = """<details class="card" data-keep="answers"${value.open ? ' open' : ''}><summary><b>${e(value.title)}</b> <span
 class="soft">${e(value.quiet)}</span></summary>
<form><fieldset data-change="answers" class="picks"><legend
 class="hid">${e(value.filter_label)}</legend>${radios('kind', value.filters, value.chosen)}</fieldset></form>
<ol${value.rows.length ? ` tabindex="0" aria-label="${e(value.title)}"` : ''}>${value.rows.map(r => `<li><p
 class="q">${marked(r.marks, r.question)}</p><dl><div><dt>${e(value.heads[0])}</dt><dd>${r.slots.length ? filled(r.slots) : e(r.expected)}</dd></div>${r.answers.map(a => `<div
 class="${a.right === null ? '' : a.right ? 'right' : 'wrong'}"><dt>${e(a.name)}</dt><dd>${a.right === null ? '' : `<span
 aria-hidden="true">${a.right ? '✓' : '✗'}</span><span
 class="hid">${e(a.word)}</span> `}${a.slots.length ? filled(a.slots) : e(a.text)}</dd></div>`).join('')}</dl></li>`).join('')}</ol>
${value.rows.length ? '' : `<p class="soft empty">${e(value.empty)}</p>`}<div class="do">${buttons(value.buttons)}</div></details>"""
_CSS = """
details{padding:0 20px;margin-bottom:20px}
summary{padding:12px 0}
.soft{color:var(--soft)}
.picks{display:flex;gap:6px;flex-wrap:wrap;margin-bottom:8px}
.pick{display:flex;gap:7px;align-items:center;padding:4px 11px;border:1px solid var(--line);border-radius:99px;cursor:pointer;min-height:26px}
.pick:has(:checked){border-color:var(--accent)}
.pick small{display:inline;color:var(--soft);margin-left:5px}
ol{list-style:none;max-height:540px;overflow:auto}
li{border-top:1px solid var(--line);padding:11px 0}
.q{overflow-wrap:anywhere;white-space:pre-line}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(170px,1fr));gap:4px 18px;margin-top:6px}
dt{font-size:13px;color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
.right span{color:var(--good);font-weight:700}.wrong span{color:var(--bad);font-weight:700}
.empty{padding:8px 0 14px}
.do{display:flex;gap:8px;padding:6px 0 14px}
"""


@dataclass(frozen=True)
class Given:
    """What one answered; `right` is None where right and wrong is a matter of degree, `word` says it aloud; `slots` where a form was filled in."""

    name: str
    text: str
    right: bool | None
    word: str
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True)
class Case:
    """`slots` are what was wanted of a form; `marks` the question with the places that the tuned model took values from."""

    question: str
    expected: str
    answers: tuple[Given, ...]
    slots: tuple[Slot, ...] = ()
    marks: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Answers:
    title: str
    quiet: str
    filter_label: str
    filters: tuple[Option, ...]
    chosen: str
    heads: tuple[str, ...]
    rows: tuple[Case, ...]
    empty: str
    buttons: tuple[Button, ...] = ()
    open: bool = False


def answers() -> gr.HTML:
    return part(_BODY, _CSS + CSS)
