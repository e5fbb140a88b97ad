"""One part of the screen is one gr.HTML: a template that escapes every value, its own rules of style, a few lines of script. Nothing else may make one."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import gradio as gr

from ui.client import PART_SCRIPT

# Gradio fills Handlebars first and evaluates the result as a JavaScript template literal: a `{{` in a template would let a person's text run as code.
_BARRED = 2 * "{"
_HELPERS = r"""
const e = text => String(text ?? '').replace(/[&<>"'`$]/g, c => '&#' + c.charCodeAt(0) + ';');
const holds = values => e(JSON.stringify(values || {}));
const button = (b, kind) => b ? `<button type="button" class="${e(kind || b.kind)}" data-act="${e(b.act)}"
 data-values="${holds(b.values)}"${b.disabled ? ' disabled' : ''}${b.title ? ` title="${e(b.title)}"` : ''}>${e(b.text)}</button>` : '';
const buttons = list => (list || []).map(b => button(b)).join('');
const filled = slots => `<ul class="slots">${slots.map(s => `<li><span class="nm">${e(s.name)}</span><span
 class="${e(s.kind)}"${s.term ? ` title="${e(s.term)}"` : ''}>${e(s.text)}</span>${s.note ? `<small>${e(s.note)}</small>` : ''}</li>`).join('')}</ul>`;
const marked = (pieces, text) => pieces.length ? pieces.map(p => p.field ? `<mark>${e(p.text)}<small>${e(p.field)}</small></mark>` : e(p.text)).join('') : e(text);
const radios = (name, options, chosen) => options.map(o => `<label class="pick${o.value === chosen ? ' on' : ''}"><input type="radio"
 name="${e(name)}" value="${e(o.value)}"${o.value === chosen ? ' checked' : ''}${o.disabled ? ' disabled' : ''}><span><span
 class="what">${e(o.text)}</span>${o.note ? `<small>${e(o.note)}</small>` : ''}</span></label>`).join('');
"""

# For the `radios` of a form in a row.
PICKS_CSS = """
.picks{display:flex;flex-wrap:wrap;gap:6px}
.pick{display:flex;gap:8px;align-items:flex-start;border:1px solid var(--line);border-radius:8px;padding:6px 12px;cursor:pointer}
.pick:has(:checked){border-color:var(--accent);background:color-mix(in srgb,var(--accent) 7%,var(--card))}
.pick input{margin-top:2px}
"""


@dataclasses.dataclass(frozen=True)
class Button:
    """A wish: `act` names a handler of the page, `values` go along. `kind` is primary, plain, accent or link."""

    text: str
    act: str
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    kind: str = "plain"
    disabled: bool = False
    title: str = ""


@dataclasses.dataclass(frozen=True)
class Option:
    """One of several to pick: its value, what is read, a quieter note."""

    value: str
    text: str
    note: str = ""
    disabled: bool = False


@dataclasses.dataclass(frozen=True)
class Link:
    """A file to take home: what is read, and its address below the app's own."""

    text: str
    address: str


def template(body: str) -> str:
    """`body` becomes a template in which `${e(...)}` is the way to show a value; an empty value shows nothing. Raises ValueError for Handlebars' braces."""
    # Both languages read the template, so the helpers' backslash and the backticks are fine only inside this one expression.
    whole = "${(() => { if (value === null || value === undefined || value === '') return ''; " + _HELPERS + " return `" + body + "`; })()}"
    if _BARRED in whole:
        raise ValueError("a template may not hold two opening braces in a row")
    return whole


def part(body: str, css: str = "", script: str = "", *, elem_id: str | None = None, live: bool = True) -> gr.HTML:
    """Make the part. It reports what a person wants as the event 'act' with {act, values, place}; `live=False` is for parts in which nothing is pressed."""
    if _BARRED in css or "$" in css or "`" in css:
        raise ValueError("style rules are evaluated too: no braces, dollar or backtick tricks")
    return gr.HTML(
        value=None,
        html_template=template(body),
        css_template=css,
        js_on_load=PART_SCRIPT + script if live or script else None,
        apply_default_css=False,
        elem_id=elem_id,
        container=False,
        padding=False,
    )


def shown(value: Any) -> Any:
    """A part's value as the browser gets it: plain JSON of a frozen dataclass, or None to show nothing."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # Not dataclasses.asdict, which copies every text too: a page of rows has two thousand, and is shown at every click.
        return {name: shown(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, list | tuple):
        return [shown(one) for one in value]
    return {name: shown(one) for name, one in value.items()} if isinstance(value, Mapping) else value
