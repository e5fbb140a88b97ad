"""What two versions differ in: counts first, then the rows before and after, a page at a time."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, Option, part

_BODY = """<section class="card" aria-label="${e(value.title)}"><h2>${e(value.title)}</h2><p class="said">${e(value.said)}</p>
<form data-change="versions-compare" data-values="${holds({after: value.after})}"><fieldset data-change="versions-compare"
 data-values="${holds({after: value.after})}"><legend>${e(value.others_label)}</legend><div
 class="picks">${radios('before', value.others, value.before)}</div></fieldset><fieldset data-change="versions-compare"
 data-values="${holds({after: value.after})}"><legend class="hid">${e(value.kinds_label)}</legend><div
 class="picks">${radios('kind', value.kinds, value.kind)}</div></fieldset></form>
<ul>${value.rows.map(r => `<li><p class="soft num">${e(r.place)} <b class="${e(r.kind)}">${e(r.kind_word)}</b></p>${r.before ? `<div
 class="was"><span class="hid">${e(value.before_word)}</span><p>${e(r.before)}</p>${r.before_answer
 ? `<p class="soft">${e(r.before_answer)}</p>` : ''}</div>` : ''}${r.after ? `<div class="is"><span
 class="hid">${e(value.after_word)}</span><p>${e(r.after)}</p>${r.after_answer ? `<p
 class="soft">${e(r.after_answer)}</p>` : ''}</div>` : ''}</li>`).join('')}</ul>
${value.rows.length ? '' : `<p class="soft">${e(value.empty)}</p>`}<div class="do">${buttons(value.buttons)}</div></section>"""
_CSS = """
section{padding:14px 18px;margin-bottom:20px}
.said{margin-bottom:10px}
form{display:grid;gap:8px;margin-bottom:10px}
legend{font-size:14px;padding:0;margin-bottom:4px}
.picks{display:flex;flex-wrap:wrap;gap:6px}
.pick{display:flex;gap:8px;border:1px solid var(--line);border-radius:99px;padding:4px 12px;cursor:pointer}
.pick:has(:checked){border-color:var(--accent)}
ul{list-style:none}
li{border-top:1px solid var(--line);padding:10px 0;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:14px}
b{font-weight:600}.added{color:var(--good)}.removed{color:var(--bad)}.changed{color:var(--warn)}
.was,.is{padding:4px 0 4px 12px;border-left:3px solid var(--line);margin-top:4px}
.was{border-left-color:var(--bad)}.is{border-left-color:var(--good)}
.was>p:first-of-type{text-decoration:line-through;text-decoration-color:var(--bad);text-decoration-thickness:1px}
.do{display:flex;gap:8px;flex-wrap:wrap;margin-top:8px}
"""


@dataclass(frozen=True)
class Pair:
    """A row before and after, cut to what fits."""

    place: str
    kind: str
    kind_word: str
    before: str
    before_answer: str
    after: str
    after_answer: str


@dataclass(frozen=True)
class Difference:
    """`others` are versions that `after` can be compared with."""

    title: str
    said: str
    after: str
    others_label: str
    others: tuple[Option, ...]
    before: str
    kinds_label: str
    kinds: tuple[Option, ...]
    kind: str
    before_word: str
    after_word: str
    rows: tuple[Pair, ...]
    empty: str
    buttons: tuple[Button, ...] = ()


def difference() -> gr.HTML:
    return part(_BODY, _CSS)
