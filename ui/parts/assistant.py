"""The assistant beside the work: what was said, a plan card to say yes to, a line to write in. On a phone one line that opens to a sheet."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part
from ui.parts.plan import CARD, CARD_CSS, PlanView

_BODY = (
    """<section class="panel-in" aria-label="${e(value.title)}"><div class="head"><h2>${e(value.title)}</h2><button type="button" class="plain close"
 data-sheet="close">${e(value.close)}</button></div>
<div class="log" role="log" aria-live="polite" aria-label="${e(value.log_label)}" tabindex="0">${value.lines.map(l => `<div
 class="line ${e(l.who)}"><span class="hid">${e(l.who_word)}: </span>${l.text.map(t => `<p>${e(t)}</p>`).join('')}${l.buttons.length ? `<div
 class="do">${buttons(l.buttons)}</div>` : ''}</div>`).join('')}${value.plan ? (p => `"""
    + CARD
    + """`)(value.plan) : ''}</div>
<div class="hints"><span>${e(value.hints_label)}</span>${value.hints.map(h => button(h, 'link')).join('<span aria-hidden="true"> · </span>')}</div>
<form data-act="say" data-clear><label class="grow"><span class="hid">${e(value.write_label)}</span><input type="text" name="text" required
 maxlength="2000" autocomplete="off" placeholder="${e(value.write_label)}"></label><button type="submit" class="primary"
 aria-label="${e(value.send)}" title="${e(value.send)}"><span aria-hidden="true">➤</span></button></form></section>"""
)
_CSS = (
    CARD_CSS
    + """
.panel-in{position:sticky;top:0;height:calc(100vh - 58px);max-height:100vh;display:flex;flex-direction:column;gap:10px;padding:18px 20px;
 box-sizing:border-box}
.head{display:flex;justify-content:space-between;align-items:center}
.close{display:none}
.log{flex:1 1 auto;overflow:auto;display:flex;flex-direction:column;gap:10px;min-height:0;padding:2px}
.line{max-width:92%;overflow-wrap:anywhere}
.line p+p{margin-top:6px}
.me{align-self:flex-end;border:1px solid var(--line);border-radius:12px 12px 2px 12px;background:color-mix(in srgb,var(--accent) 8%,var(--card));
 padding:8px 12px}
.it{align-self:flex-start;border:1px solid var(--line);border-radius:12px 12px 12px 2px;background:var(--card);padding:8px 12px}
.do{display:flex;gap:6px;flex-wrap:wrap;margin-top:8px}
.log .plan{margin-bottom:0;font-size:14.5px}
.hints{font-size:13.5px;color:var(--soft);display:flex;gap:2px 6px;flex-wrap:wrap;align-items:baseline}
.hints button{font-size:13.5px;min-height:24px;font-style:italic}
form{display:flex;gap:8px}
.grow{flex:1}
form .primary{padding:6px 14px}
@media(max-width:900px){
 .panel-in{position:fixed;left:0;right:0;bottom:0;top:auto;height:auto;max-height:78vh;background:var(--card);border-top:1px solid var(--line);
 padding:8px 12px calc(8px + env(safe-area-inset-bottom));z-index:50}
 .panel-in:not(.up) :is(.head,.log,.hints){display:none}
 .panel-in.up{top:22vh}
 .close{display:inline-block}
 .hints button{min-height:28px}
}
"""
)
_SCRIPT = """
const panel = () => element.querySelector('.panel-in');
let up = false;
const lift = now => { up = now; if (panel()) panel().classList.toggle('up', up); };
const down = () => { const log = element.querySelector('.log'); if (log) log.scrollTop = log.scrollHeight; };
element.addEventListener('focusin', event => { if (event.target.name === 'text') lift(true); });
element.addEventListener('submit', () => lift(true));
element.addEventListener('click', event => { if (event.target.closest('[data-sheet=close]')) lift(false); });
element.addEventListener('keydown', event => { if (event.key === 'Escape' && up) { lift(false); document.activeElement.blur(); } });
document.addEventListener('pointerdown', event => { if (up && innerWidth <= 900 && !element.contains(event.target)) lift(false); });
let lines = 0;
watch('value', () => { lift(up); const now = element.querySelectorAll('.line,.plan').length; if (now !== lines) { lines = now; down(); } });
"""


@dataclass(frozen=True)
class Line:
    """`who` is me or it; `text` its paragraphs."""

    who: str
    who_word: str
    text: tuple[str, ...]
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Assistant:
    title: str
    close: str
    log_label: str
    lines: tuple[Line, ...]
    plan: PlanView | None
    hints_label: str
    hints: tuple[Button, ...]
    write_label: str
    send: str


def assistant() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
