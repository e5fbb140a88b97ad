"""The bar on top: whose workshop, which project, where the data is, which language, light or dark."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, Option, part

_BODY = """<header><span class="brand">Bottega</span><span class="sep" aria-hidden="true">/</span>
<details class="menu" data-keep="projects"><summary aria-label="${e(value.chooser)}: ${e(value.project)}"><b>${e(value.project)}</b><span
 aria-hidden="true" class="tip">▾</span></summary>
<div class="sheet card"><h2>${e(value.chooser)}</h2><ul>${value.projects.map(p => `<li><button type="button"
 class="item${p.value === value.chosen ? ' on' : ''}" data-act="project" data-values="${holds({project: p.value})}"
 aria-current="${p.value === value.chosen}"><span>${e(p.text)}</span><small>${e(p.note)}</small></button></li>`).join('')}</ul>
<div class="form" data-form><label>${e(value.new_label)}<input type="text" name="name" maxlength="120" autocomplete="off"
 placeholder="${e(value.new_hint)}"></label><button type="button" class="plain" data-act="new-project">${e(value.new_button)}</button></div>
${value.chosen ? `<div class="form" data-form><label>${e(value.rename_label)}<input type="text" name="name" maxlength="120"
 autocomplete="off" value="${e(value.project)}"></label><button type="button" class="plain"
 data-act="rename-project">${e(value.rename_button)}</button></div>` : ''}
<div class="row">${value.save_link ? `<a href="${e(value.save_link)}" download>${e(value.save_label)}</a>` : ''}${buttons(value.more)}</div></div></details>
<span class="grow"></span>
<span class="lock" title="${e(value.place_note)}"><span class="word">${e(value.place)}</span></span>
<div class="seg" role="group" aria-label="${e(value.language_label)}">${value.languages.map(l => `<button type="button" data-language="${e(l.value)}"
 aria-pressed="${l.value === value.language}" title="${e(l.note)}" lang="${e(l.value)}">${e(l.text)}</button>`).join('')}</div>
<button type="button" class="theme" data-theme aria-label="${e(value.theme_label)}" title="${e(value.theme_label)}"><span
 aria-hidden="true">◐</span></button></header>"""
_CSS = """
header{display:flex;align-items:center;gap:10px;min-height:56px;padding:0 36px}
.brand{font-family:var(--serif);font-size:21px;color:var(--accent)}
.sep{color:var(--edge)}
.grow{flex:1}
.menu{position:relative;min-width:0}
.menu>summary{list-style:none;display:flex;align-items:center;gap:6px;padding:6px 8px;border-radius:8px;min-height:24px}
.menu>summary b{white-space:nowrap;overflow:hidden;text-overflow:ellipsis;max-width:38vw}
.tip{color:var(--soft)}
.sheet{position:absolute;left:0;top:calc(100% + 4px);width:min(360px,calc(100vw - 32px));padding:14px;z-index:70;display:flex;flex-direction:column;
 gap:12px;max-height:75vh;overflow:auto;box-sizing:border-box}
.sheet ul{list-style:none}
.item{display:flex;justify-content:space-between;gap:12px;width:100%;border:0;background:none;padding:7px 8px;text-align:left;color:var(--ink);
 overflow-wrap:anywhere}
.item:hover,.item.on{background:color-mix(in srgb,var(--accent) 9%,transparent)}
.item.on span{font-weight:600}
.item small{color:var(--soft);white-space:nowrap}
.form{display:flex;gap:8px;align-items:end}
.form label{flex:1;font-size:13px;color:var(--soft)}
.form input{color:var(--ink)}
.form button{white-space:nowrap}
.row{display:flex;gap:8px;flex-wrap:wrap}
.lock{font-size:13.5px;color:var(--soft);border:1px solid var(--line);border-radius:99px;padding:3px 12px;white-space:nowrap}
.lock::before{content:"";display:inline-block;width:7px;height:7px;border-radius:50%;background:var(--good);margin-right:8px}
.seg{display:flex;border:1px solid var(--line);border-radius:8px;overflow:hidden}
.seg button{border:0;border-radius:0;background:none;padding:3px 9px;font-size:13px;color:var(--soft);min-height:30px}
.seg button[aria-pressed=true]{background:var(--card);color:var(--ink);font-weight:600;text-decoration:underline;text-underline-offset:3px}
.theme{border:1px solid var(--line);background:none;width:34px;min-height:32px;padding:0;font-size:16px;color:var(--soft)}
@media(max-width:900px){header{padding:0 12px;gap:6px}.sep{display:none}.brand{font-size:20px}.word{position:absolute;width:1px;height:1px;
 overflow:hidden;clip-path:inset(50%)}.lock{padding:6px 9px}.lock::before{margin:0}
 .menu>summary{min-height:44px;padding:0 4px}.menu>summary b{max-width:27vw}.sheet{position:fixed;left:16px;top:60px}
 .seg button,.theme{min-height:44px;min-width:38px}}
"""
_SCRIPT = """
element.addEventListener('click', event => {
  const tongue = event.target.closest('button[data-language]');
  if (tongue) { bottega.speak(tongue.dataset.language); send('language', {language: tongue.dataset.language}); }
  if (event.target.closest('button[data-theme]')) bottega.flip();
  if (event.target.closest('button[data-act=new-project]')) event.target.closest('[data-form]').querySelector('input').value = '';
  const fold = element.querySelector('details.menu');
  if (fold && event.target.closest('.sheet button')) { unfolded.delete('projects'); fold.open = false; }
});
element.addEventListener('keydown', event => {
  if (event.key !== 'Enter' || !event.target.matches('[data-form] input')) return;
  event.target.closest('[data-form]').querySelector('button').click();
});
document.addEventListener('click', event => {
  const fold = element.querySelector('details.menu');
  if (fold && fold.open && !fold.contains(event.target)) fold.open = false;
});
"""


@dataclass(frozen=True)
class Top:
    """`chosen` is the open project's id, empty while there is none."""

    project: str
    chosen: str
    chooser: str
    projects: tuple[Option, ...]
    new_label: str
    new_hint: str
    new_button: str
    rename_label: str
    rename_button: str
    more: tuple[Button, ...]
    save_label: str
    save_link: str
    place: str
    place_note: str
    language: str
    language_label: str
    languages: tuple[Option, ...]
    theme_label: str


def top() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT, elem_id="top")
