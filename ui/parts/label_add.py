"""Adding rows: paste them, write one, or approve variants of answered ones."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from ui.parts.part import Button, Option, part

_BODY = """<details class="card" data-keep="label-add"${value.unfolded ? ' open' : ''}><summary><b>${e(value.title)}</b> <span
 class="soft">${e(value.quiet)}</span></summary>
<div class="two"><form data-act="add-rows" data-clear data-values="${holds(value.values)}"><label><span>${e(value.words.paste)}</span><textarea name="text" rows="7"
 required spellcheck="false" placeholder="${e(value.words.paste_hint)}"></textarea></label><div class="do"><button type="submit"
 class="accent">${e(value.words.paste_button)}</button></div></form>
<form data-act="add-row" data-clear data-values="${holds(value.values)}"><label><span>${e(value.words.text)}</span><textarea name="question" rows="3"
 required></textarea></label><label><span>${e(value.words.answer)}</span>${value.answers.length ? `<input type="text" name="answer" list="label-answers"
 autocomplete="off"><datalist id="label-answers">${value.answers.map(a => `<option value="${e(a)}"></option>`).join('')}</datalist>` : `<textarea
 name="answer" rows="2"></textarea>`}</label><div class="do"><button type="submit" class="plain">${e(value.words.write_button)}</button></div></form></div>
<section class="variants"><h3>${e(value.words.variants)}</h3><p class="soft">${e(value.words.variants_quiet)}</p>
<form data-act="label-variants" data-values="${holds(value.values)}"><div class="picks">${value.ways.map(w => `<label class="check"
 title="${e(w.note)}"><input type="checkbox" name="way_${e(w.value)}"${value.chosen.includes(w.value) ? ' checked' : ''}><span>${e(w.text)}</span></label>`).join('')}</div>
<p class="soft">${e(value.paraphrase)}</p><div class="do"><button type="submit" class="plain">${e(value.words.propose)}</button></div></form>
${value.variants.length ? `<form data-act="keep-variants"
 data-values="${holds(value.variant_values)}"><p>${e(value.words.approve)}</p><ul
 class="pairs">${value.variants.map(v => `<li><label
 class="check"><input type="checkbox" name="keep_${e(v.key)}"><span><span class="new">${e(v.text)}</span><small>${e(v.how)} · ${e(v.origin)}</small>${v.answer ? `<small
 class="tag">${e(v.answer)}</small>` : ''}</span></label></li>`).join('')}</ul><div class="do"><button type="button" class="link"
 data-all>${e(value.words.all)}</button><button type="submit" class="accent">${e(value.words.keep)}</button>${button(value.other)}</div></form>` : value.none
 ? `<p class="soft" role="status">${e(value.none)}</p>` : ''}</section></details>"""
_CSS = """
details{margin-bottom:20px;padding:0 18px}
summary{padding:12px 0}
.soft,small{color:var(--soft)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,300px),1fr));gap:20px}
label>span:first-child{font-size:14px}
textarea,input:not([type=checkbox]){width:100%}
.do{display:flex;gap:10px;flex-wrap:wrap;align-items:center;margin:10px 0 14px}
.variants{border-top:1px solid var(--line);padding-top:12px}
h3{font-size:16px;margin:0}
.picks{display:flex;flex-wrap:wrap;gap:6px 18px;margin:8px 0}
.check{display:flex;gap:8px;align-items:flex-start;min-height:32px;cursor:pointer}
.pairs{list-style:none;padding:0;display:grid;gap:2px}
.pairs li{border-top:1px solid var(--line);padding:8px 0}
.new,.pairs small{display:block;overflow-wrap:anywhere}
"""
_SCRIPT = """
element.addEventListener('click', event => {
  if (!event.target.closest('[data-all]')) return;
  const boxes = [...event.target.closest('form').querySelectorAll('input[type=checkbox]')], on = !boxes.every(box => box.checked);
  for (const box of boxes) box.checked = on;
});
"""


@dataclass(frozen=True)
class VariantView:
    """A proposal beside its origin."""

    key: str
    text: str
    origin: str
    answer: str
    how: str


@dataclass(frozen=True)
class Adding:
    """`answers` are known categories to pick from; `paraphrase` says whether freer variants can be had; `none` that nothing could be proposed."""

    title: str
    quiet: str
    words: dict[str, str]
    answers: tuple[str, ...]
    ways: tuple[Option, ...]
    chosen: tuple[str, ...]
    paraphrase: str
    variants: tuple[VariantView, ...] = ()
    variant_values: dict[str, Any] = field(default_factory=dict)
    other: Button | None = None
    none: str = ""
    unfolded: bool = False
    values: dict[str, Any] = field(default_factory=dict)


def adding() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
