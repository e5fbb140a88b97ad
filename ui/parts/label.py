"""Labelling: one text at a time, a key an answer. The part shows a frame; ui/parts/label_script.py fills it in the browser."""

from dataclasses import dataclass, field

import gradio as gr

from ui.parts.label_script import SCRIPT
from ui.parts.part import Option, part

_BODY = """<section class="label card" aria-label="${e(value.title)}"><div class="over"><p class="told" role="status"></p><div class="bar"
 aria-hidden="true"><i></i></div></div><p class="fault" role="alert"></p><div class="stage"></div>
<footer><p class="learned soft" title="${e(value.learned_term)}">${e(value.learned_said)}</p>${value.model ? `<p><button
 type="button" class="plain by-model">${e(value.model)}</button></p>` : ''}<details
 data-keep="label-keys"><summary>${e(value.keys_title)}</summary><ul
 class="soft">${value.keys.map(k => `<li>${e(k)}</li>`).join('')}</ul><fieldset class="hows"><legend
 class="soft">${e(value.how_label)}</legend>${radios('label_how', value.hows, value.how)}</fieldset></details></footer></section>"""
_CSS = """
.label{padding:16px 20px;margin-bottom:20px}
.told{display:flex;flex-wrap:wrap;gap:2px 16px;color:var(--soft);font-size:14px;min-height:22px}
.told .saved{margin-left:auto}
.bar{height:4px;border-radius:2px;background:var(--line);margin:6px 0 14px;overflow:hidden}
.bar i{display:block;height:100%;width:0;background:var(--good)}
.fault{color:var(--bad);font-size:14px}
.fault:empty,.learned:empty{display:none}
.text{font-size:19px;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere;max-height:46vh;overflow:auto;padding:12px 14px;margin:0 0 12px;
 border-radius:8px;background:var(--paper);border:1px solid var(--line);min-height:3.4em;user-select:text}
.text::selection,.text ::selection{background:color-mix(in srgb,var(--accent) 28%,transparent)}
.proposal{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;width:100%;text-align:left;border:1px dashed var(--accent);border-radius:8px;
 background:none;color:var(--ink);padding:9px 14px;margin-bottom:10px;min-height:44px;cursor:pointer}
.proposal b{overflow-wrap:anywhere;font-weight:600}
.proposal kbd{margin-left:auto}
.choices{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,190px),1fr));gap:6px;max-height:44vh;overflow:auto;padding:2px}
.choice{display:flex;gap:10px;align-items:center;text-align:left;border:1px solid var(--line);border-radius:8px;background:var(--card);color:var(--ink);
 padding:8px 12px;min-height:44px;cursor:pointer;overflow-wrap:anywhere}
.choice:hover{border-color:var(--accent)}
.choice.on{border-color:var(--accent);box-shadow:inset 0 0 0 1px var(--accent)}
kbd{font:13px var(--mono);color:var(--soft);min-width:1.1em}
.fields{display:grid;gap:6px;margin:6px 0}
.field{display:grid;grid-template-columns:minmax(120px,220px) 1fr auto;gap:10px;align-items:center}
.value{overflow-wrap:anywhere;border-bottom:1px solid var(--line);padding:4px 2px}
.value.proposed{border-bottom:1px dashed var(--accent);font-style:italic}
.value.none,.soft{color:var(--soft)}
.add,.own{width:100%;margin-top:8px}
.own{font-size:16px}
.send{margin-top:8px;display:inline-flex;gap:8px;align-items:baseline}
.send kbd{color:inherit}
.do{display:flex;gap:8px;flex-wrap:wrap;margin-top:12px}
.rest{padding:20px 0;display:flex;gap:12px;flex-wrap:wrap;align-items:center}
footer{display:block!important;margin-top:14px;border-top:1px solid var(--line);padding-top:10px;font-size:14px}
footer ul{margin:6px 0 10px;padding-left:18px}
.hows{display:flex;flex-wrap:wrap;gap:6px}
.hows legend{margin-bottom:4px}
.pick{display:flex;gap:7px;align-items:center;padding:5px 12px;border:1px solid var(--line);border-radius:99px;cursor:pointer;min-height:28px}
.pick:has(:checked){border-color:var(--accent)}
@media(max-width:700px){.label{padding:12px 12px}.choices{grid-template-columns:1fr 1fr}.field{grid-template-columns:110px 1fr auto}.text{font-size:18px;max-height:34vh}}
"""


@dataclass(frozen=True)
class LabelRow:
    """A text that waits, with what is proposed for it."""

    position: int
    text: str
    answer: str | None = None
    suggestion: str | None = None
    certainty: float | None = None


@dataclass(frozen=True)
class Label:
    """`how` is choices, fields or text; `words` are sentences with {facts} that the browser fills; `model` names the
    button that asks the trained model, '' where there is none; an empty `dataset` shows nothing."""

    title: str
    dataset: str
    how: str
    how_label: str
    hows: tuple[Option, ...]
    choices: tuple[str, ...]
    fields: tuple[str, ...]
    rows: tuple[LabelRow, ...]
    total: int
    answered: int
    skipped: int
    learned_from: int | None
    learned_said: str
    learned_term: str
    keys_title: str
    keys: tuple[str, ...]
    model: str = ""
    words: dict[str, str] = field(default_factory=dict)


def label() -> gr.HTML:
    return part(_BODY, _CSS, SCRIPT)
