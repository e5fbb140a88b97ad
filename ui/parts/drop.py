"""Where a file goes in: drop it, choose it, or take the sample. The bytes go straight to the server's own upload door, with how far they are."""

from dataclasses import dataclass

import gradio as gr

from ui.parts.part import Button, part

_ACCEPTED = ".csv,.tsv,.tab,.jsonl,.ndjson,.json,.txt,.md,.parquet,.arrow,.xlsx,.xlsm,.docx,.docm,.pdf,.eml,.mbox,.conll,.gz,.bz2,.xz,.zst,.zip"
_BODY = """<section class="drop${value.small ? ' small' : ''}" data-purpose="${e(value.purpose)}"><div class="in"><p
 class="title">${e(value.title)}</p><p class="hint">${e(value.hint)}</p>
<div class="do"><label class="file"><input type="file" class="hid" accept="${e(value.accept)}"${value.ways ? ' multiple' : ''}><span
 class="fake ${value.small ? 'plain' : 'primary'}">${e(value.choose)}</span></label>${buttons(value.buttons)}</div>
<div class="going" hidden><progress max="1" value="0" aria-label="${e(value.sending)}"></progress><span class="much" role="status"></span></div><p
 class="wrong" role="alert" data-lost="${e(value.lost)}" data-sending="${e(value.sending)}"></p>
${value.ways ? `<details data-keep="ways"><summary>${e(value.ways.label)}</summary>
<form class="way" data-paste="${e(value.ways.paste_name)}"><label>${e(value.ways.paste)}<textarea rows="5" required></textarea></label><p
 class="hint">${e(value.ways.paste_hint)}</p><button type="submit" class="plain">${e(value.ways.paste_take)}</button></form>
<form class="way" data-act="hub"><label>${e(value.ways.hub)}<input type="text" name="id" required maxlength="300" placeholder="owner/name"
 autocomplete="off" spellcheck="false"></label><p class="hint">${e(value.ways.hub_hint)}</p><label>${e(value.ways.hub_token)}<input type="password" name="token"
 maxlength="200" autocomplete="off"></label><button type="submit" class="plain">${e(value.ways.hub_take)}</button></form></details>` : ''}</div></section>"""
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
details{margin-top:16px}
summary{cursor:pointer;color:var(--accent);min-height:24px}
.way{max-width:560px;margin:14px auto 0;text-align:left;padding:14px 16px;border:1px solid var(--line);border-radius:8px}
.way label{display:block;font-weight:600}
.way .hint{margin:4px 0 10px}
.way input[type=password]{border:1px solid var(--edge);border-radius:8px;background:var(--card);color:inherit;padding:8px 12px;font:inherit}
.way textarea,.way input{display:block;width:100%;font-weight:400;box-sizing:border-box;margin:4px 0 8px}
@media(max-width:900px){.fake{min-height:30px}}
"""
_SCRIPT = r"""
const box = () => element.querySelector('.drop');
const table = Uint32Array.from({length: 256}, (_, n) => { for (let k = 0; k < 8; k++) n = n & 1 ? 0xEDB88320 ^ (n >>> 1) : n >>> 1; return n; });
// Several files travel as one: a plain archive, nothing packed, made here so that the server takes one upload as ever.
const oneOf = async files => {
  const parts = [], contents = [], seen = new Set();
  let at = 0, listed = 0;
  for (const [path, file] of files) {
    const data = new Uint8Array(await file.arrayBuffer());
    let name = path;
    for (let n = 2; seen.has(name); n++) name = `${n}-${path}`;
    seen.add(name);
    let sum = -1;
    for (let i = 0; i < data.length; i++) sum = table[(sum ^ data[i]) & 255] ^ (sum >>> 8);
    const letters = new TextEncoder().encode(name), length = data.length;
    const middle = view => { view.setUint16(0, 20, true); view.setUint16(2, 0x800, true); view.setUint32(10, (sum ^ -1) >>> 0, true);
      view.setUint32(14, length, true); view.setUint32(18, length, true); view.setUint16(22, letters.length, true); };
    const head = new Uint8Array(30), entry = new Uint8Array(46);
    new DataView(head.buffer).setUint32(0, 0x04034b50, true);
    middle(new DataView(head.buffer, 4));
    new DataView(entry.buffer).setUint32(0, 0x02014b50, true);
    middle(new DataView(entry.buffer, 6));
    new DataView(entry.buffer).setUint32(42, at, true);
    parts.push(head, letters, file);
    contents.push(entry, letters);
    at += 30 + letters.length + length;
    listed += 46 + letters.length;
  }
  const end = new Uint8Array(22), view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true); view.setUint16(8, files.length, true); view.setUint16(10, files.length, true);
  view.setUint32(12, listed, true); view.setUint32(16, at, true);
  const first = files[0][0], folder = first.includes('/') ? first.split('/')[0] : '';
  const stem = folder && files.every(([path]) => path.startsWith(folder + '/')) ? folder : `${first.split('/').pop().replace(/\.[^.]*$/, '')} + ${files.length - 1}`;
  return new File([...parts, ...contents, end], stem + '.zip');
};
const within = async entry => {
  if (entry.isFile) return [[entry.fullPath.slice(1), await new Promise((done, lost) => entry.file(done, lost))]];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done, lost) => reader.readEntries(done, lost));
    if (!some.length) return found;
    for (const inner of some) found.push(...await within(inner));
  }
};
const takeAll = async files => {
  if (files.length < 2 && !(files[0] && files[0][0].includes('/'))) return take(files[0] && files[0][1]);
  try { take(await oneOf(files.slice(0, 9999))); } catch { element.querySelector('.wrong').textContent = element.querySelector('.wrong').dataset.lost; }
};
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
element.addEventListener('change', event => { if (event.target.type === 'file') takeAll([...event.target.files].map(file => [file.name, file])); });
element.addEventListener('submit', event => {
  if (event.target.dataset.paste) take(new File([event.target.querySelector('textarea').value], event.target.dataset.paste + '.txt'));
});
for (const name of ['dragover', 'dragenter']) element.addEventListener(name, event => { if (box()) { event.preventDefault(); box().classList.add('over'); } });
for (const name of ['dragleave', 'drop']) element.addEventListener(name, event => {
  event.preventDefault();
  if (box()) box().classList.remove('over');
  if (name !== 'drop' || !event.dataTransfer) return;
  const files = [...event.dataTransfer.files].map(file => [file.name, file]);
  if (!element.querySelector('input[multiple]')) return take(files[0] && files[0][1]);
  const entries = [...event.dataTransfer.items].map(item => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(entry => entry);
  if (!entries.some(entry => entry.isDirectory)) return takeAll(files);
  Promise.all(entries.map(within)).then(found => takeAll(found.flat()));
});
"""


@dataclass(frozen=True)
class Ways:
    """Other ways to bring rows, folded away: pasting them, or a dataset of the hub."""

    label: str
    paste: str
    paste_hint: str
    paste_take: str
    paste_name: str
    hub: str
    hub_hint: str
    hub_token: str
    hub_take: str


@dataclass(frozen=True)
class Drop:
    """`purpose` comes back with the upload: what the file is for. With `ways` several files, or a folder, may come at once."""

    title: str
    hint: str
    choose: str
    sending: str
    lost: str
    purpose: str = "data"
    accept: str = _ACCEPTED
    small: bool = False
    buttons: tuple[Button, ...] = ()
    ways: Ways | None = None


def drop() -> gr.HTML:
    return part(_BODY, _CSS, _SCRIPT)
