"""What the check of an exported model found, in plain words: a sign and a word for each, never a colour alone."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """${value.map(c => `<section class="card ${e(c.state)}"><header><span class="badge">${e(c.word)}</span><div><h2>${e(c.title)}</h2><p
 class="soft num">${e(c.quiet)}</p></div></header><p class="say">${e(c.sentence)}</p>
<ul>${c.checks.map(k => `<li class="${e(k.state)}"><span class="sign"
 aria-hidden="true">${k.state === 'green' ? '✓' : k.state === 'amber' ? '!' : k.state === 'red' ? '✗' : '·'}</span><span><span
 class="hid">${e(k.word)}: </span>${e(k.text)}${k.term ? ` <code>${e(k.term)}</code>` : ''}</span></li>`).join('')}</ul>
<div class="do">${c.link ? `<a class="get ${e(c.link_kind)}" href="${e(c.link)}" download>${e(c.download)}</a>`
 : ''}${buttons(c.buttons)}</div></section>`).join('')}"""
_CSS = """
section{padding:16px 20px;margin-bottom:16px}
header{display:flex;gap:14px;align-items:flex-start}
h2{margin:0;overflow-wrap:anywhere}
.soft{color:var(--soft);font-size:14px}
.badge{border:1.5px solid currentColor;border-radius:99px;padding:2px 12px;font-weight:600;font-size:14px;white-space:nowrap}
.green .badge,li.green .sign{color:var(--good)}.amber .badge,li.amber .sign{color:var(--warn)}.red .badge,li.red .sign{color:var(--bad)}
.say{margin:10px 0 8px}
ul{list-style:none;display:grid;gap:4px;font-size:14.5px}
li{display:grid;grid-template-columns:18px 1fr;gap:8px}
.sign{font-weight:700}
code{font:12.5px var(--mono);color:var(--soft);background:none;padding:0;overflow-wrap:anywhere}
.do{display:flex;gap:10px;flex-wrap:wrap;margin-top:14px;align-items:center}
.get{display:inline-block;border-radius:8px;padding:8px 20px;font-weight:600;text-decoration:none;border:1px solid var(--accent)}
.get.primary{background:var(--accent);color:var(--on-accent)}
.get.plain{color:var(--accent)}
@media(max-width:900px){.get{padding:11px 20px}}
"""


@dataclass(frozen=True)
class Check:
    """One thing that was measured: `state` is green, amber, red or grey (only told)."""

    state: str
    word: str
    text: str
    term: str = ""


@dataclass(frozen=True)
class Certificate:
    """`link` is the download's address, empty where a red package was not asked for in spite of it."""

    state: str
    word: str
    title: str
    quiet: str
    sentence: str
    checks: tuple[Check, ...]
    download: str
    link: str
    link_kind: str = "primary"
    buttons: tuple[Button, ...] = ()


def certificate() -> gr.HTML:
    """Its value is a list of Certificate, the newest first."""
    return part(_BODY, _CSS)
