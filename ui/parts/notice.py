"""What happened, where it happened: an error's sentence, or a quiet word that something was done and can be undone."""

from dataclasses import dataclass

import gradio as gr

from core.errors import UserError
from ui.parts.part import Button, part
from ui.visit import Visit

_BODY = """<div class="${e(value.level)}" role="${value.level === 'bad' ? 'alert' : 'status'}"><span class="sign"
 aria-hidden="true">${value.level === 'bad' ? '!' : '✓'}</span>
<div><p>${e(value.sentence)}</p>${value.details ? `<details data-keep="details"><summary>${e(value.more)}</summary><pre
 tabindex="0">${e(value.details)}</pre></details>` : ''}</div>
<div class="do">${value.link ? `<a href="${e(value.link)}" download>${e(value.link_text)}</a>` : ''}${buttons(value.buttons)}</div></div>"""
_CSS = """
>div{display:grid;grid-template-columns:auto 1fr auto;gap:12px;align-items:start;border:1px solid var(--line);border-left:3px solid var(--good);
 border-radius:0 10px 10px 0;background:var(--card);
 padding:11px 16px;margin-bottom:20px}
>.bad{border-left-color:var(--bad)}
.sign{font-weight:700;color:var(--good)}.bad .sign{color:var(--bad)}
p{overflow-wrap:anywhere}
summary{color:var(--soft);font-size:13.5px;margin-top:4px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:12.5px/1.5 var(--mono);color:var(--soft);max-height:180px;overflow:auto;margin:4px 0 0}
.do{display:flex;gap:8px;flex-wrap:wrap}
@media(max-width:700px){>div{grid-template-columns:auto 1fr}.do{grid-column:2}}
"""


@dataclass(frozen=True)
class Notice:
    """`level` is bad or good; `details` are folded under `more`; `link` is a file to take home, below /api/."""

    level: str
    sentence: str
    details: str = ""
    more: str = ""
    buttons: tuple[Button, ...] = ()
    link: str = ""
    link_text: str = ""


def notice() -> gr.HTML:
    return part(_BODY, _CSS)


def told(visit: Visit, error: UserError) -> Notice:
    """An error in the visitor's language; its class name and facts are folded under it, for whoever helps."""
    facts = "\n".join(f"{name} = {value}" for name, value in error.facts.items())
    details = f"{error.name}\n{facts}".strip() if facts else ""
    return Notice("bad", visit.words.error(error), details, visit.words("notice.details"))
