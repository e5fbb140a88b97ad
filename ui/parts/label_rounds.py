"""Rounds with colleagues: make a link, see who did how much, how far they agree, settle differences, take the answers."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<details class="card" data-keep="label-rounds"${value.unfolded ? ' open' : ''}><summary><b>${e(value.title)}</b> <span
 class="soft">${e(value.quiet)}</span></summary>
${value.link ? `<div class="made" role="status"><p>${e(value.link_said)}</p><input type="text" readonly value="${e(value.link)}"
 aria-label="${e(value.link_said)}"></div>` : ''}
<form data-act="label-round" data-values="${holds(value.values)}"><div class="grid"><label class="wide"><span>${e(value.words.name)}</span><input
 type="text" name="name" maxlength="120"></label><label class="wide"><span>${e(value.words.guide)}</span><textarea name="guide" rows="2" maxlength="2000"></textarea></label>
<label class="wide"><span>${e(value.choices_label)}</span><textarea name="choices" rows="3">${e(value.choices)}</textarea></label>
<label><span>${e(value.words.rows)}</span><input name="rows" type="number" min="1" inputmode="numeric"></label>
<label><span>${e(value.words.twice)} <code>%</code></span><input name="twice" type="number" min="0" max="100" value="20"></label>
<label><span>${e(value.words.days)}</span><input name="days" type="number" min="1" max="90" value="7"></label></div>
<div class="checks"><label class="check"><input type="checkbox" name="network"><span>${e(value.words.network)}</span></label><label class="check"><input
 type="checkbox" name="answered_too"><span>${e(value.words.answered_too)}</span></label></div>
<div class="do"><button type="submit" class="accent">${e(value.words.make)}</button></div></form>
${value.rounds.map(r => `<article data-round="${e(r.id)}"><h3>${e(r.name)} <span class="state">${e(r.state)}</span></h3><p
 class="soft num">${e(r.said)}</p><div class="do">${buttons(r.buttons)}</div>${r.results ? `<div class="results"><p class="big">${e(r.results.said)}</p>
<p class="soft" title="${e(r.results.term)}">${e(r.results.interval)}</p>${r.results.confusions.length ? `<ul
 class="confusions">${r.results.confusions.map(c => `<li>${e(c)}</li>`).join('')}</ul>` : ''}
${r.results.people.length ? `<div class="over"><table><thead><tr>${r.results.heads.map(c => `<th
 scope="col">${e(c)}</th>`).join('')}</tr></thead><tbody>${r.results.people.map(p => `<tr>${p.map(c => `<td>${e(c)}</td>`).join('')}</tr>`).join('')}</tbody></table></div>` : ''}
${r.results.more.length ? `<details data-keep="label-more-${e(r.id)}"><summary>${e(r.results.more_title)}</summary><ul
 class="soft">${r.results.more.map(c => `<li>${e(c)}</li>`).join('')}</ul></details>` : ''}
${r.results.take ? `<div class="do">${button(r.results.take)}</div>` : ''}
${r.results.differences.length ? `<h4>${e(r.results.differences_title)}</h4>
${r.results.differences.map(d => `<div class="difference"><p
 class="text">${e(d.text)}</p><div class="do">${d.answers.map(a => `<span
 class="said">${button(a.take)}<small>${e(a.who)}</small></span>`).join('')}</div></div>`).join('')}` : ''}</div>` : ''}</article>`).join('')}</details>"""
_CSS = """
details.card{margin-bottom:20px;padding:0 18px}
summary{padding:12px 0}
.soft,small{color:var(--soft)}
.made{border:1px solid var(--accent);border-radius:8px;padding:10px 14px;margin-bottom:14px}
.made input{width:100%;font:14px var(--mono)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:12px 18px}
.grid label{display:flex;flex-direction:column;justify-content:flex-end}
.wide{grid-column:1/-1}
.confusions{padding-left:18px;margin:4px 0}
.grid span{display:block;font-size:14px}
.grid :is(input,textarea){width:100%}
code{font:12px var(--mono);color:var(--soft);background:none;padding:0}
.checks{display:grid;gap:6px;margin:12px 0}
.check{display:flex;gap:8px;align-items:flex-start;min-height:28px}
.do{display:flex;gap:8px;flex-wrap:wrap;align-items:flex-start;margin:10px 0}
article{border-top:1px solid var(--line);padding:12px 0}
h3{font-size:16px;margin:0;overflow-wrap:anywhere}
h4{font-size:15px;margin:14px 0 4px}
.state{font-weight:400;color:var(--soft);font-size:14px}
.big{font-family:var(--serif);font-size:19px}
.over{overflow:auto}
table{border-collapse:collapse;font-size:14.5px;margin:8px 0}
th{text-align:left;font-weight:500;color:var(--soft);padding:4px 18px 4px 0}
td{padding:4px 18px 4px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.difference{border-top:1px solid var(--line);padding:8px 0}
.difference .text{white-space:pre-wrap;overflow-wrap:anywhere;max-height:8em;overflow:auto}
.said{display:grid;gap:2px}
"""
_SCRIPT = """
element.addEventListener('focusin', event => { if (event.target.matches('.made input')) event.target.select(); });
"""


@dataclass(frozen=True)
class Said:
    """What somebody said of a row; the button takes it."""

    take: Button
    who: str


@dataclass(frozen=True)
class DifferenceView:
    text: str
    answers: tuple[Said, ...]


@dataclass(frozen=True)
class Results:
    """`said` is the agreement in a sentence, `interval` how sure it is, `more` the field's own figures, one level down."""

    said: str
    interval: str
    term: str
    confusions: tuple[str, ...]
    heads: tuple[str, ...]
    people: tuple[tuple[str, ...], ...]
    more_title: str
    more: tuple[str, ...]
    differences_title: str
    differences: tuple[DifferenceView, ...]
    take: Button | None = None


@dataclass(frozen=True)
class RoundView:
    id: str
    name: str
    state: str
    said: str
    buttons: tuple[Button, ...]
    results: Results | None = None


@dataclass(frozen=True)
class Rounds:
    """`link` is there once, right after a round was made."""

    title: str
    quiet: str
    words: dict[str, str]
    choices_label: str
    choices: str
    rounds: tuple[RoundView, ...]
    link: str = ""
    link_said: str = ""
    unfolded: bool = False
    values: dict[str, Any] = field(default_factory=dict)


def rounds() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
