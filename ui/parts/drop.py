"""Where a file goes in: drop it, choose it, or take the sample. The bytes go straight to the server's own upload door, with how far they are."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_BODY = """<section class="drop${value.small ? ' small' : ''}" data-purpose="${e(value.purpose)}"><div class="in"><p
 class="title">${e(value.title)}</p><p class="hint">${e(value.hint)}</p>
<div class="do"><label class="file"><input type="file" class="hid" accept="${e(value.accept)}"><span
 class="fake ${value.small ? 'plain' : 'primary'}">${e(value.choose)}</span></label>${buttons(value.buttons)}</div>
<div class="going" hidden><progress max="1" value="0" aria-label="${e(value.sending)}"></progress><span class="much" role="status"></span></div><p
 class="wrong" role="alert" data-lost="${e(value.lost)}" data-sending="${e(value.sending)}"></p></div></section>"""
_CSS = """
.drop{border:1.5px dashed var(--edge);border-radius:12px;background:var(--card);padding:36px 20px;text-align:center;margin-bottom:20px}
.drop.small{padding:12px 18px;text-align:left}
.drop.over{border-color:var(--accent);background:color-mix(in srgb,var(--accent) 6%,var(--card))}
.title{font-family:var(--serif);font-size:21px}
.small .title{font-family:inherit;font-size:15px;font-weight:600}
.hint{color:var(--soft);max-width:60ch;margin:4px auto 14px}
.small .hint{margin:2px 0 8px}
.do{display:flex;gap:10px;justify-content:center;flex-wrap:wrap}
.small .do{justify-content:flex-start}
.file{display:inline-flex;cursor:pointer;position:relative}
.fake{border-radius:8px;padding:7px 18px;min-height:22px;display:inline-flex;align-items:center}
.fake.primary{background:var(--accent);color:var(--on-accent);font-weight:600;border:1px solid var(--accent)}
.fake.plain{border:1px solid var(--edge)}
.file:focus-within .fake{outline:2px solid var(--accent);outline-offset:2px}
.going{margin-top:14px;color:var(--soft);font-variant-numeric:tabular-nums}
progress{width:min(320px,80%);height:8px;accent-color:var(--accent);margin-right:10px}
.wrong{color:var(--bad);margin:10px auto 0;max-width:70ch;text-align:left;overflow-wrap:anywhere}
.wrong:empty{display:none}
@media(max-width:900px){.fake{min-height:30px}}
"""
_SCRIPT = """
const box = () => element.querySelector('.drop');
const take = file => {
  if (!file || !box()) return;
  const going = element.querySelector('.going'), bar = element.querySelector('progress'), much = element.querySelector('.much'), wrong = element.querySelector('.wrong');
  const done = sentence => { going.hidden = true; wrong.textContent = sentence || ''; const input = element.querySelector('input[type=file]'); if (input) input.value = ''; };
  wrong.textContent = '';
  going.hidden = false;
  much.textContent = wrong.dataset.sending;
  const call = new XMLHttpRequest();
  call.open('POST', 'api/uploads?name=' + encodeURIComponent(file.name));
  call.setRequestHeader('Accept-Language', bottega.where().language);
  call.upload.onprogress = at => { bar.value = at.loaded / (at.total || 1); };
  call.onload = () => {
    let told = {};
    try { told = JSON.parse(call.responseText); } catch { /* not ours: said below */ }
    if (call.status === 200 && told.result) { done(''); send('uploaded', {upload: told.result.id, name: file.name, purpose: box().dataset.purpose}); }
    else done(told.sentence || wrong.dataset.lost);
  };
  call.onerror = () => done(wrong.dataset.lost);
  call.send(file);
};
element.addEventListener('change', event => { if (event.target.type === 'file') take(event.target.files[0]); });
for (const name of ['dragover', 'dragenter']) element.addEventListener(name, event => { if (box()) { event.preventDefault(); box().classList.add('over'); } });
for (const name of ['dragleave', 'drop']) element.addEventListener(name, event => {
  event.preventDefault();
  if (box()) box().classList.remove('over');
  if (name === 'drop' && event.dataTransfer) take(event.dataTransfer.files[0]);
});
"""


@dataclass(frozen=True)
class Drop:
    """`purpose` comes back with the upload: what the file is for."""

    title: str
    hint: str
    choose: str
    sending: str
    lost: str
    purpose: str = "data"
    accept: str = ".csv,.tsv,.jsonl,.json,.txt,.gz,.zip"
    small: bool = False
    buttons: tuple[Button, ...] = ()


def drop() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
