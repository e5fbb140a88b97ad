"""One question, two answers that stream next to each other; blind if wanted, with a vote."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.filled import CSS, Slot, Stretch
from ui.parts.part import Button, Option, part

_BODY = """<section class="card"><h2>${e(value.title)}</h2><p class="soft">${e(value.quiet)}</p>
<form class="ask"><div class="who">${value.sides.map(s => `<fieldset><legend>${e(s.label)}</legend><div
 class="picks">${radios(s.name, s.options, s.chosen)}</div></fieldset>`).join('')}</div>
<label class="field"><span>${e(value.question_label)}</span><textarea name="question" rows="3" required
 maxlength="20000">${e(value.question)}</textarea></label>
<div class="do"><button type="submit" class="accent"${value.busy ? ' disabled' : ''}>${e(value.ask)}</button><label class="check"><input
 type="checkbox" name="blind"${value.blind ? ' checked' : ''}><span>${e(value.blind_label)}</span></label></div></form>
${value.panes.length ? `<div class="panes">${value.panes.map(p => `<div class="pane" role="group" aria-label="${e(p.name)}"><p
 class="name">${e(p.name)}</p><p class="text"
 aria-live="polite">${p.slots.length ? '' : e(p.text)}${p.writing ? '<span class="caret" aria-hidden="true"></span>' : ''}</p>${p.slots.length ?
 filled(p.slots) : ''}${p.marks.length ? `<p class="marks">${marked(p.marks, '')}</p>` : ''}<p
 class="soft num">${e(p.note)}</p>${p.keep ? `<details
 class="keep" data-keep="chat-keep-${e(p.name)}"><summary>${e(p.keep.label)}</summary>
${button(p.keep.good)}<form data-act="keep-corrected" data-values="${holds(p.keep.values)}"><label><span>${e(p.keep.answer_label)}</span><textarea
 name="corrected" rows="4" required>${e(p.text)}</textarea></label><button type="submit"
 class="plain">${e(p.keep.correct)}</button></form></details>` : ''}</div>`).join('')}</div>` : ''}
${value.votes.length ? `<div class="do votes" role="group"
 aria-label="${e(value.vote_label)}"><span>${e(value.vote_label)}</span>${buttons(value.votes)}</div>` : ''}${value.told ? `<p class="told"
 role="status">${e(value.told)}</p>` : ''}</section>"""
_CSS = """
section{padding:18px 22px;margin-bottom:20px}
.soft{color:var(--soft)}
.who{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:14px;margin:12px 0}
legend,.field span{font-size:14px;color:var(--soft);padding:0;margin-bottom:4px;display:block}
.picks{display:flex;flex-wrap:wrap;gap:6px}
.pick{display:flex;gap:8px;align-items:center;border:1px solid var(--line);border-radius:8px;padding:5px 12px;cursor:pointer;min-height:26px;
 overflow-wrap:anywhere}
.pick:has(:checked){border-color:var(--accent);background:color-mix(in srgb,var(--accent) 7%,var(--card))}
.do{display:flex;gap:12px;align-items:center;flex-wrap:wrap;margin-top:10px}
.check{display:flex;gap:8px;align-items:center;min-height:32px;cursor:pointer}
.panes{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,260px),1fr));gap:12px;margin-top:16px}
.pane{border:1px solid var(--line);border-radius:8px;padding:12px 14px;min-height:92px;background:var(--paper);min-width:0}
.name{font-weight:600;font-size:14px}
.text{white-space:pre-wrap;overflow-wrap:anywhere;margin:4px 0 6px;min-height:1.5em}
.caret{display:inline-block;width:7px;height:1em;background:var(--accent);vertical-align:-2px;animation:blink 1s steps(2) infinite}
.text:empty{display:none}
.marks{white-space:pre-wrap;overflow-wrap:anywhere;margin:8px 0 6px;padding-top:8px;border-top:1px solid var(--line)}
@keyframes blink{50%{opacity:0}}
.pane .soft{font-size:13px}
.keep{margin-top:8px;font-size:14px}
.keep :is(textarea){width:100%}
.keep form{margin-top:8px;display:grid;gap:6px;justify-items:start}
.keep label{width:100%}
.told{margin-top:10px;font-weight:600}
@media(max-width:700px){section{padding:14px}}
"""
_SCRIPT = """
element.addEventListener('submit', event => { if (event.target.matches('.ask')) trigger('ask', {act: 'ask', values: valuesOf(event.target), place: bottega.where()}); });
"""


@dataclass(frozen=True)
class Side:
    label: str
    name: str
    options: tuple[Option, ...]
    chosen: str


@dataclass(frozen=True)
class Keep:
    """How an answer becomes a row: as it is, or corrected."""

    label: str
    good: Button
    answer_label: str
    correct: str
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pane:
    """`name` is only a letter while the comparison is blind. `slots` instead of the text where it is a form, `marks` are the places in the question."""

    name: str
    text: str
    note: str = ""
    writing: bool = False
    keep: Keep | None = None
    slots: tuple[Slot, ...] = ()
    marks: tuple[Stretch, ...] = ()


@dataclass(frozen=True)
class Chat:
    title: str
    quiet: str
    sides: tuple[Side, ...]
    question_label: str
    question: str
    ask: str
    blind: bool
    blind_label: str
    panes: tuple[Pane, ...] = ()
    vote_label: str = ""
    votes: tuple[Button, ...] = ()
    told: str = ""
    busy: bool = False


def chat() -> gr.HTML:
    return part(_BODY, _CSS + CSS, _SCRIPT)
