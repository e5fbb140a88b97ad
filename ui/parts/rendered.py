"""One example as the model sees it: its text with what is learned marked (a line and a word, not a colour alone), counts, the way to the next. j and k move."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section class="card"><header><h2>${e(value.title)}</h2><span
 class="soft num">${e(value.place)}</span><span class="do">${button(value.before)}${button(value.after)}</span></header>
${value.fault ? `<p class="fault" role="status"><span aria-hidden="true">! </span>${e(value.fault)}</p>` : `
<p class="legend soft"><mark class="own">${e(value.learned_word)}</mark> ${e(value.legend)}</p>
<div class="text" tabindex="0" role="region" aria-label="${e(value.title)}">${value.stretches.map(s => `${s.missing ? `<span
 class="gap">${e(s.missing)}</span>` : ''}${s.learned ? `<span class="hid">${e(value.opens)} </span><mark class="own">${e(s.text)}</mark><span
 class="hid"> ${e(value.closes)}</span>` : `<span>${e(s.text)}</span>`}`).join('')}</div>
<p class="counts num" role="status" title="${e(value.counts_term)}">${e(value.counts)}</p>
${value.notes.length ? `<ul>${value.notes.map(n => `<li>${e(n)}</li>`).join('')}</ul>` : ''}`}</section>"""
_CSS = """
section{padding:12px 18px;margin-bottom:20px}
header{display:flex;gap:12px;align-items:center;flex-wrap:wrap}
h2{margin:0}
.do{display:flex;gap:8px;margin-left:auto}
.soft{color:var(--soft)}
.legend{font-size:13.5px;margin:6px 0 8px}
.text{white-space:pre-wrap;overflow-wrap:anywhere;font:13.5px/1.7 var(--mono);border:1px solid var(--line);border-radius:8px;padding:12px;max-height:440px;
 overflow:auto;background:var(--paper)}
.own{background:color-mix(in srgb,var(--good) 16%,transparent);color:inherit;font-weight:600;border-bottom:2px solid var(--good);padding:1px 0}
.gap{display:inline-block;font:italic 12.5px/1.4 var(--sans,system-ui);color:var(--warn);border:1px dashed var(--warn);border-radius:6px;padding:0 6px;
 margin:0 4px}
.counts{font-size:14px;margin-top:8px}
.fault{color:var(--bad);margin-top:8px;overflow-wrap:anywhere}
ul{list-style:none;margin-top:4px}
li{color:var(--soft);font-size:14px;max-width:80ch}
@media(max-width:700px){section{padding:10px 12px}.do{margin-left:0;width:100%}.do button{flex:1}}
"""
_SCRIPT = """
element.addEventListener('keydown', event => {
  if (event.target.closest('input,textarea,select') || event.ctrlKey || event.metaKey || event.altKey) return;
  const buttons = element.querySelectorAll('header button'), wish = {j: buttons[1], k: buttons[0]}[event.key];
  if (wish && !wish.disabled) { event.preventDefault(); wish.click(); }
});
"""


@dataclass(frozen=True)
class Stretch:
    """`missing` says, in words, how much was cut out before it."""

    text: str
    learned: bool
    missing: str = ""


@dataclass(frozen=True)
class Rendered:
    """`fault` stands in place of the text while the layout cannot be used. `opens` and `closes` are read aloud around what is learned."""

    title: str
    place: str
    stretches: tuple[Stretch, ...]
    learned_word: str
    legend: str
    opens: str
    closes: str
    counts: str
    counts_term: str
    notes: tuple[str, ...]
    before: Button
    after: Button
    fault: str = ""


def rendered() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
