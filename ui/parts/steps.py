"""The five steps as tabs: numbers, names, and their state in words for those who cannot see it."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import part

_BODY = """<div role="tablist" aria-label="${e(value.label)}">${value.steps.map((s, i) => `<button type="button" role="tab" id="tab-${e(s.name)}"
 aria-controls="panel-${e(s.name)}" aria-selected="${document.documentElement.dataset.step === s.name}"
 tabindex="${document.documentElement.dataset.step === s.name ? 0 : -1}" data-step="${e(s.name)}" class="${e(s.state)}"
 title="${e(s.state_word)}"><span class="n" aria-hidden="true">${i + 1}</span><span class="name">${e(s.text)}</span><span
 class="hid">, ${e(s.state_word)}</span></button>`).join('')}</div>"""
_CSS = """
>div{display:flex;gap:4px;border-bottom:1px solid var(--line);padding-bottom:6px}
button{display:flex;align-items:center;gap:8px;border:1px solid transparent;border-radius:99px;background:none;color:var(--soft);
 padding:5px 14px 5px 8px;white-space:nowrap;min-height:36px}
button:hover{color:var(--ink)}
button[aria-selected=true]{background:var(--card);border-color:var(--line);color:var(--ink);font-weight:600}
.n{display:inline-grid;place-items:center;width:22px;height:22px;border-radius:50%;border:1px solid var(--edge);font-size:12px;background:var(--card);
 font-variant-numeric:tabular-nums}
.n{position:relative}
.done .n{border-color:var(--good)}
.done .n::after{content:"✓";position:absolute;right:-6px;bottom:-5px;width:12px;height:12px;border-radius:50%;background:var(--good);color:var(--paper);
 font-size:9px;line-height:12px;text-align:center;font-weight:700}
.running .n{border-color:var(--accent);color:var(--accent);box-shadow:0 0 0 3px color-mix(in srgb,var(--accent) 22%,transparent)}
button[aria-selected=true] .n{background:var(--accent);color:var(--on-accent);border-color:var(--accent)}
@media(max-width:900px){>div{justify-content:space-between;gap:0}button{padding:5px 8px}
 button:not([aria-selected=true]) .name{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}button{min-width:44px;
 justify-content:center}.n{width:26px;height:26px;font-size:13px}}
"""
_SCRIPT = """
const open = step => { bottega.go({step}); send('go', {step}); };
element.addEventListener('click', event => { const tab = event.target.closest('[role=tab]'); if (tab) open(tab.dataset.step); });
element.addEventListener('keydown', event => {
  const tabs = [...element.querySelectorAll('[role=tab]')], here = tabs.indexOf(event.target.closest('[role=tab]'));
  const next = {ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1}[event.key];
  if (here < 0 || next === undefined) return;
  event.preventDefault();
  const tab = tabs[(next + tabs.length) % tabs.length];
  tab.focus();
  open(tab.dataset.step);
});
window.addEventListener('popstate', () => { bottega.paint(); lastSent = ''; send('go', {step: bottega.where().step}); });
watch('value', bottega.paint);
"""


@dataclass(frozen=True)
class Step:
    """`state` is done, running, here, open or waiting; `state_word` says it in words."""

    name: str
    text: str
    state: str
    state_word: str


@dataclass(frozen=True)
class Steps:
    label: str
    steps: tuple[Step, ...]


def steps() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT, elem_id="steps")
