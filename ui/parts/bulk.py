"""What can be done with the rows that are ticked, or with all that match. A form opens under the buttons where something has to be written first."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, Option, part

_BODY = """<section class="card" aria-label="${e(value.label)}"><div class="line"><strong class="num"
 role="status">${e(value.count)}</strong>${buttons(value.choose)}</div>
<div class="line">${buttons(value.actions)}</div>${value.form ? `<form class="line" data-act="${e(value.form.act)}"
 data-values="${holds({form: value.form.name})}">${value.form.fields.map(f => f.options.length ? `<fieldset><legend
 class="hid">${e(f.label)}</legend>${radios(f.name, f.options, f.value)}</fieldset>` : `<label>${e(f.label)}<input type="text" name="${e(f.name)}"
 value="${e(f.value)}" maxlength="10000" autocomplete="off"${f.required ? ' required' : ''}${f.known.length
 ? ` list="rows-bulk-${e(f.name)}"` : ''}>${f.known.length ? `<datalist id="rows-bulk-${e(f.name)}">${f.known.map(k => `<option
 value="${e(k)}"></option>`).join('')}</datalist>` : ''}</label>`).join('')}<span class="line"><button type="submit"
 class="accent">${e(value.form.button)}</button>${button(value.form.cancel)}</span></form>` : ''}</section>"""
_CSS = """
section{padding:10px 14px;margin-bottom:10px;display:grid;gap:8px;border-left:3px solid var(--accent)}
.line{display:flex;gap:8px 12px;flex-wrap:wrap;align-items:center}
form.line{align-items:end}
form.line label{font-size:13.5px;color:var(--soft);flex:1 1 180px}
form.line label.pick{flex:none}
form.line input{color:var(--ink);margin-top:3px}
fieldset{display:flex;gap:4px;flex-wrap:wrap}
.pick{display:flex;gap:7px;align-items:center;padding:5px 8px;cursor:pointer;color:var(--ink)}
"""
_SCRIPT = """
let form = '';
watch('value', () => {
  const found = element.querySelector('form'), now = found ? found.dataset.values : '';
  if (now && now !== form) found.querySelector('input:not([type=radio])').focus();
  form = now;
});
element.addEventListener('keydown', event => {
  const back = event.key === 'Escape' && element.querySelector('form [data-act=rows-form]');
  if (back) back.click();
});
"""


@dataclass(frozen=True)
class Field:
    """A text to write, or with `options` one of several to pick."""

    name: str
    label: str
    value: str = ""
    known: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Form:
    name: str
    act: str
    fields: tuple[Field, ...]
    button: str
    cancel: Button


@dataclass(frozen=True)
class Bulk:
    """`choose` widens or drops the choice, `actions` act on it."""

    label: str
    count: str
    choose: tuple[Button, ...]
    actions: tuple[Button, ...]
    form: Form | None = None


def bulk() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
