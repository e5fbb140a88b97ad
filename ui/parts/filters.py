"""Which rows the table shows: search, parts, everything else under 'more', and saved views as chips. What is typed or picked is asked for at once."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, Option, part

_BODY = """<section aria-label="${e(value.label)}" data-looks="find rows-drop"><form class="find" data-act="find"><div class="first"><label class="search"><span
 class="hid">${e(value.search_label)}</span><input type="search" name="search" data-input="find" value="${e(value.search)}"
 placeholder="${e(value.search_label)}" maxlength="200" autocomplete="off"></label>
${value.parts.length ? `<fieldset data-change="find" class="parts"><legend
 class="hid">${e(value.parts_label)}</legend>${radios('part', value.parts, value.part)}</fieldset>` : ''}</div>
<details class="more" data-keep="rows-more"><summary>${e(value.more)}</summary><div class="grid">${value.groups.map(g => `<fieldset
 data-change="find" class="parts"><legend>${e(g.legend)}</legend>${radios(g.name, g.options, g.chosen)}</fieldset>`).join('')}
${value.texts.map(t => `<label class="text">${e(t.label)}<input type="${e(t.kind)}" name="${e(t.name)}" value="${e(t.value)}"
 data-input="find" autocomplete="off"${t.kind === 'number' ? ' min="0" inputmode="numeric"' : ' maxlength="1000"'}${t.known.length
 ? ` list="rows-${e(t.name)}"` : ''}>${t.known.length ? `<datalist id="rows-${e(t.name)}">${t.known.map(k => `<option
 value="${e(k)}"></option>`).join('')}</datalist>` : ''}</label>`).join('')}</div></details></form>
${value.chips.length || value.views.length || value.save ? `<div class="chips">${value.views.map(v => `<span class="view">${button(v.open,
 v.on ? 'chip on' : 'chip')}${button(v.forget, 'link')}</span>`).join('')}${value.chips.map(c => button(c, 'chip set')).join('')}${value.save ? `<details
 class="save" data-keep="rows-save"><summary>${e(value.save)}</summary><form data-act="rows-save-view" data-clear><label class="hid"
 for="rows-view-name">${e(value.save_name)}</label><input type="text" id="rows-view-name" name="name" maxlength="60" required
 placeholder="${e(value.save_name)}" autocomplete="off"><button type="submit" class="accent">${e(value.save_button)}</button></form></details>` : ''}</div>`
 : ''}</section>"""
_CSS = """
section{margin-bottom:8px}
.first{display:flex;gap:12px;align-items:center;flex-wrap:wrap}
.search{flex:1 1 260px}
.parts{display:flex;gap:4px;flex-wrap:wrap;align-items:center}
.grid .parts legend{float:left;margin-right:6px;color:var(--soft);font-size:13.5px}
.pick{display:flex;gap:7px;align-items:center;padding:5px 10px;border:1px solid transparent;border-radius:99px;cursor:pointer;min-height:26px;overflow-wrap:anywhere}
.pick:has(:checked){border-color:var(--line);background:var(--card);font-weight:600}
.pick small{color:var(--soft);font-weight:400;margin-left:5px}
.more{margin-top:6px}
.more>summary{color:var(--soft);font-size:14px}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:10px 16px;padding:8px 0 10px;border-bottom:1px solid var(--line)}
.grid .parts{grid-column:1/-1}
.text{font-size:13.5px;color:var(--soft)}
.text input{color:var(--ink);margin-top:3px}
.chips{display:flex;gap:6px 8px;flex-wrap:wrap;align-items:center;margin-top:8px}
.view{display:inline-flex;align-items:center;gap:2px}
button.chip{border:1px solid var(--line);border-radius:99px;background:var(--card);padding:3px 12px;min-height:30px;max-width:100%;overflow-wrap:anywhere;text-align:left}
button.chip.on{border-color:var(--accent);font-weight:600}
button.chip.set{background:color-mix(in srgb,var(--accent) 9%,transparent);border-color:transparent}
button.chip.set::after{content:" ×";color:var(--soft)}
.save>summary{color:var(--accent);font-size:14px;text-decoration:underline;text-underline-offset:2px}
.save form{display:flex;gap:8px;margin-top:4px}
.save input{width:220px}
"""
_SCRIPT = """
const typed = new WeakMap();
const take = () => {
  for (const field of element.querySelectorAll('form.find input:not([type=radio])')) {
    const now = field.getAttribute('value') || '';
    if (typed.get(field) !== now) { if (typed.has(field) && document.activeElement !== field) field.value = now; typed.set(field, now); }
  }
};
watch('value', take);
take();
"""


@dataclass(frozen=True)
class Group:
    """Radios of one condition; the option '' asks for nothing."""

    name: str
    legend: str
    options: tuple[Option, ...]
    chosen: str


@dataclass(frozen=True)
class Text:
    """A condition that is written: a text with suggestions, or a number."""

    name: str
    label: str
    value: str
    kind: str = "text"
    known: tuple[str, ...] = ()


@dataclass(frozen=True)
class ViewChip:
    """A saved filter."""

    open: Button
    on: bool
    forget: Button | None


@dataclass(frozen=True)
class Filters:
    """`chips` take one condition away each. `save` is empty where there is nothing to save."""

    label: str
    search: str
    search_label: str
    parts_label: str
    parts: tuple[Option, ...]
    part: str
    more: str
    groups: tuple[Group, ...]
    texts: tuple[Text, ...]
    chips: tuple[Button, ...]
    views: tuple[ViewChip, ...]
    save: str
    save_name: str
    save_button: str


def filters() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
