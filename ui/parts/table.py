"""The rows of a dataset, a page at a time from the server. j and k move, Enter or e opens a row, x ticks it, a approves, r rejects, t tags, u undoes."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part
from ui.parts.table_look import CSS, SCRIPT

_OPEN = """<tr class="open" data-row="${e(r.id)}" data-number="${e(r.position)}"><td class="num">${e(r.number)}</td><td colspan="6"><form class="edit"
 data-act="save-row" data-values="${holds({example: r.id})}"><label>${e(value.heads.question)}<textarea name="question"
 rows="${r.question.length > 300 ? 8 : 3}">${e(r.question)}</textarea></label>
<label>${e(value.heads.answer)}${value.answers.length ? `<input type="text" name="answer" value="${e(r.answer)}" list="known-answers"
 autocomplete="off"><datalist id="known-answers">${value.answers.map(a => `<option value="${e(a)}"></option>`).join('')}</datalist>` : `<textarea
 name="answer" rows="4">${e(r.answer)}</textarea>`}</label>
<p class="from">${e(r.source)}</p><div class="do"><button type="submit"
 class="accent">${e(value.save)}</button>${buttons(r.buttons)}</div></form>${value.past.length ? `<details class="past"
 data-keep="past-${e(r.id)}"><summary>${e(value.past_label)}</summary><ol>${value.past.map(p => `<li><span class="when num">${e(p.when)}</span>
<span class="what">${e(p.what)}</span>${p.before ? `<del>${e(p.before)}</del>` : ''}${p.after ? `<ins>${e(p.after)}</ins>` : ''}${p.undo
 ? button(p.undo) : ''}</li>`).join('')}</ol>${value.original ? `<p class="h">${e(value.original_label)}</p><pre>${e(value.original)}</pre>` : ''}</details>`
 : ''}</td></tr>"""
_ROW = """<tr tabindex="-1" data-row="${e(r.id)}" data-number="${e(r.position)}"${r.ticked ? ' class="ticked"' : ''}><td class="tick"><label
 class="pad"><input type="checkbox" class="pick-row"${r.ticked ? ' checked' : ''} aria-label="${e(r.tick)}"></label></td><td
 class="num">${e(r.number)}</td><td class="text"><div class="clip">${e(r.question)}</div>${r.edited ? ` <span
 class="mark">${e(value.edited)}</span>` : ''}</td><td class="answer">${r.answer === null ? `<i class="none">${e(value.unanswered)}</i>` : value.answers.length
 ? `<span class="tag">${e(r.answer)}</span>` : `<div class="clip free">${e(r.answer)}</div>`}</td><td class="third ${e(r.part)}">${e(r.part_word)}</td><td
 class="said">${r.review ? `<span class="review ${e(r.review)}">${e(r.review_word)}</span>` : ''}${r.tags.map(t => `<span
 class="own">${e(t)}</span>`).join('')}${r.found ? `<span class="found" title="${e(r.found_title)}">${e(r.found)}</span>` : ''}</td><td
 class="edit-cell">${button(r.edit)}</td></tr>"""
_BODY = (
    """<section data-looks="page-after page-before open-row close-row rows-tick rows-all rows-none"><div
 class="over"><p role="status" class="num">${e(value.total)}</p><span class="do">${value.last ? `<span
 class="last">${e(value.last)}</span>` : ''}${buttons(value.buttons)}</span></div>
<div class="wrap card" tabindex="0" role="region" aria-label="${e(value.label)}"><table><thead><tr><th scope="col" class="tick"><label class="pad"><input
 type="checkbox" class="pick-all"${value.all_ticked ? ' checked' : ''} aria-label="${e(value.heads.tick)}"></label></th><th scope="col"
 class="num">${e(value.heads.number)}</th><th scope="col">${e(value.heads.question)}</th><th scope="col">${e(value.heads.answer)}</th><th scope="col"
 class="third">${e(value.heads.part)}</th><th scope="col" class="said">${e(value.heads.said)}</th><th scope="col"><span
 class="hid">${e(value.heads.actions)}</span></th></tr></thead>
<tbody>${value.rows.map(r => r.open ? `"""
    + _OPEN
    + "` : `"
    + _ROW
    + """`).join('')}</tbody></table>${value.rows.length ? '' : `<p class="empty">${e(value.empty)}</p>`}</div>
<nav class="pages" aria-label="${e(value.pages_label)}">${button(value.before)}<span
 class="num">${e(value.window)}</span>${button(value.after)}<details class="keys" data-keep="rows-keys"><summary>${e(value.keys_label)}</summary><ul>${value.keys
 .map(k => `<li><kbd>${e(k[0])}</kbd> ${e(k[1])}</li>`).join('')}</ul></details></nav></section>"""
)


@dataclass(frozen=True)
class Heads:
    """What stands over the columns."""

    tick: str
    number: str
    question: str
    answer: str
    part: str
    said: str
    actions: str


@dataclass(frozen=True)
class Row:
    """One example. `open` rows show their form with `buttons`; `position` is what it is called by, `number` what is read."""

    id: str
    position: int
    number: str
    question: str
    answer: str | None
    part: str
    part_word: str
    source: str
    edited: bool
    open: bool
    edit: Button
    buttons: tuple[Button, ...] = ()
    tick: str = ""
    ticked: bool = False
    review: str = ""
    review_word: str = ""
    tags: tuple[str, ...] = ()
    found: str = ""
    found_title: str = ""


@dataclass(frozen=True)
class Past:
    """What happened to the open row: when, who and what, its text before and after where that changed."""

    when: str
    what: str
    before: str = ""
    after: str = ""
    undo: Button | None = None


@dataclass(frozen=True)
class Table:
    """`answers` are the known categories, empty for free answers. `last` is the latest change that stands; `past` is the open row's."""

    label: str
    heads: Heads
    rows: tuple[Row, ...]
    answers: tuple[str, ...]
    total: str
    window: str
    empty: str
    edited: str
    unanswered: str
    save: str
    pages_label: str
    before: Button | None
    after: Button | None
    keys_label: str
    keys: tuple[tuple[str, str], ...]
    all_ticked: bool = False
    last: str = ""
    buttons: tuple[Button, ...] = ()
    past_label: str = ""
    past: tuple[Past, ...] = ()
    original_label: str = ""
    original: str = ""


def table() -> gr.HTML:
    return part(_BODY, CSS, SCRIPT)
