"""The rows of a dataset, a page at a time from the server: search, part of the split, a row opened for editing, undo. j and k move, Enter opens."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, Option, part

_BODY = """<section><form class="find" data-act="find"><label class="search"><span
 class="hid">${e(value.search_label)}</span><input type="search" name="search" data-input="find" value="${e(value.search)}"
 placeholder="${e(value.search_label)}" maxlength="200" autocomplete="off"></label>
${value.parts.length ? `<fieldset data-change="find" class="parts"><legend
 class="hid">${e(value.parts_label)}</legend>${radios('part', value.parts, value.part)}</fieldset>` : ''}</form>
<div class="over"><p role="status" class="num">${e(value.total)}</p><span class="do">${buttons(value.buttons)}</span></div>
<div class="wrap card" tabindex="0" role="region" aria-label="${e(value.label)}"><table><thead><tr><th scope="col"
 class="num">${e(value.heads[0])}</th><th scope="col">${e(value.heads[1])}</th><th scope="col">${e(value.heads[2])}</th><th scope="col"
 class="third">${e(value.heads[3])}</th><th scope="col"><span class="hid">${e(value.heads[4])}</span></th></tr></thead>
<tbody>${value.rows.map(r => r.open ? `<tr class="open" data-row="${e(r.id)}"><td class="num">${e(r.number)}</td><td colspan="4"><form class="edit"
 data-act="save-row" data-values="${holds({example: r.id})}"><label>${e(value.heads[1])}<textarea name="question"
 rows="${r.question.length > 300 ? 8 : 3}">${e(r.question)}</textarea></label>
<label>${e(value.heads[2])}${value.answers.length ? `<input type="text" name="answer" value="${e(r.answer)}" list="known-answers"
 autocomplete="off"><datalist id="known-answers">${value.answers.map(a => `<option value="${e(a)}"></option>`).join('')}</datalist>` : `<textarea
 name="answer" rows="4">${e(r.answer)}</textarea>`}</label>
<p class="from">${e(r.source)}</p><div class="do"><button type="submit"
 class="accent">${e(value.save)}</button>${button(r.cancel)}${button(r.remove)}</div></form></td></tr>`
 : `<tr tabindex="-1" data-row="${e(r.id)}"><td class="num">${e(r.number)}</td><td>${e(r.question)}${r.edited ? ` <span
 class="mark">${e(value.edited)}</span>` : ''}</td><td>${r.answer === null ? `<i class="none">${e(value.unanswered)}</i>` : value.answers.length
 ? `<span class="tag">${e(r.answer)}</span>` : e(r.answer)}</td><td class="third ${e(r.part)}">${e(r.part_word)}</td><td
 class="edit-cell">${button(r.edit)}</td></tr>`).join('')}</tbody></table>${value.rows.length ? '' : `<p class="empty">${e(value.empty)}</p>`}</div>
<nav class="pages" aria-label="${e(value.pages_label)}">${button(value.before)}<span
 class="num">${e(value.window)}</span>${button(value.after)}</nav></section>"""
_CSS = """
section{margin-bottom:20px}
.find{display:flex;gap:12px;align-items:center;flex-wrap:wrap}
.search{flex:1 1 260px}
.parts{display:flex;gap:4px;flex-wrap:wrap}
.pick{display:flex;gap:7px;align-items:center;padding:5px 10px;border:1px solid transparent;border-radius:99px;cursor:pointer;min-height:26px}
.pick:has(:checked){border-color:var(--line);background:var(--card);font-weight:600}
.over{display:flex;justify-content:space-between;gap:12px;align-items:center;flex-wrap:wrap;margin:10px 0 6px;color:var(--soft);font-size:14px;
 min-height:32px}
.do{display:flex;gap:8px;flex-wrap:wrap}
.wrap{overflow:auto}
table{border-collapse:collapse;width:100%;font-size:14.5px}
th{font-weight:500;font-size:13.5px;color:var(--soft);text-align:left;padding:9px 14px;border-bottom:1px solid var(--line);background:var(--card)}
td{padding:9px 14px;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tbody tr:first-child td{border-top:0}
td.num{color:var(--soft);width:1%;white-space:nowrap;text-align:right}
th.num{width:1%;text-align:right}
tr:focus{outline:2px solid var(--accent);outline-offset:-2px}
td:has(>.tag){overflow-wrap:normal}
.tag{display:inline-block;background:color-mix(in srgb,var(--accent) 11%,transparent);border-radius:6px;padding:1px 8px}
.mark,.none{color:var(--soft);font-size:13px}
.third{color:var(--soft);white-space:nowrap}
td.test::before{content:"";display:inline-block;width:7px;height:7px;border-radius:2px;background:var(--good);margin-right:6px}
.edit-cell{width:1%;white-space:nowrap;overflow-wrap:normal;padding-top:4px;padding-bottom:4px;text-align:right}
.edit{display:grid;gap:10px}
.edit label{font-size:13.5px;color:var(--soft)}
.edit :is(textarea,input){color:var(--ink);display:block;margin-top:3px}
.from{color:var(--soft);font-size:13.5px}
.empty{padding:26px;text-align:center;color:var(--soft)}
.pages{display:flex;gap:14px;align-items:center;margin-top:10px;color:var(--soft);min-height:36px}
@media(max-width:700px){
 table,tbody{display:block}
 thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
 tr{display:grid;grid-template-columns:1fr auto;gap:2px 10px;padding:10px 12px;border-top:1px solid var(--line)}
 tr:first-child{border-top:0}
 tr td{border:0!important;padding:0}
 td.num,td.third{display:none}
 tr td:nth-child(2){grid-column:1/-1}
 .edit-cell{grid-column:2;align-self:center}
}
"""
_SCRIPT = """
element.addEventListener('keydown', event => {
  if (event.target.closest('input,textarea,select')) {
    const back = event.key === 'Escape' && element.querySelector('[data-act=close-row]');
    if (back) back.click();
    return;
  }
  const rows = [...element.querySelectorAll('tbody tr')], here = rows.indexOf(document.activeElement.closest('tr'));
  const next = {j: here + 1, ArrowDown: here + 1, k: here - 1, ArrowUp: here - 1}[event.key];
  if (next !== undefined && rows.length) { event.preventDefault(); rows[Math.max(0, Math.min(rows.length - 1, next))].focus(); }
  const open = event.key === 'Enter' && event.target.matches('tr[data-row]') && event.target.querySelector('[data-act=open-row]');
  if (open) { event.preventDefault(); open.click(); }
});
let opened = '';
watch('value', () => {
  const row = element.querySelector('tr.open'), now = row ? row.dataset.row : '';
  if (now && now !== opened) row.querySelector('textarea').focus();
  opened = now;
});
"""


@dataclass(frozen=True)
class Row:
    """One example. `open` rows show their form; the buttons open, close and delete it."""

    id: str
    number: str
    question: str
    answer: str | None
    part: str
    part_word: str
    source: str
    edited: bool
    open: bool
    edit: Button
    cancel: Button
    remove: Button


@dataclass(frozen=True)
class Table:
    """`heads` are number, question, answer, part, actions. `answers` are the known categories, empty for free answers."""

    label: str
    heads: tuple[str, str, str, str, str]
    rows: tuple[Row, ...]
    answers: tuple[str, ...]
    search: str
    search_label: str
    parts_label: str
    parts: tuple[Option, ...]
    part: str
    total: str
    window: str
    empty: str
    edited: str
    unanswered: str
    save: str
    pages_label: str
    before: Button | None
    after: Button | None
    buttons: tuple[Button, ...] = ()


def table() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
