"""How the table of rows looks, on a desk and on a phone, and what its keys do."""

CSS = """
section{margin-bottom:20px}
.over{display:flex;justify-content:space-between;gap:4px 12px;align-items:center;flex-wrap:wrap;margin:6px 0;color:var(--soft);font-size:14px;min-height:32px}
.do{display:flex;gap:8px;flex-wrap:wrap;align-items:center}
.last{overflow-wrap:anywhere}
.wrap{overflow:auto}
.clip{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:5;overflow:hidden}
.clip.free{white-space:pre-line}
td.text{min-width:200px}
table{border-collapse:collapse;width:100%;font-size:14.5px}
th{font-weight:500;font-size:13.5px;color:var(--soft);text-align:left;padding:9px 10px;border-bottom:1px solid var(--line);background:var(--card)}
td{padding:9px 10px;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
tbody tr:first-child td{border-top:0}
td.num{color:var(--soft);width:1%;white-space:nowrap;text-align:right;overflow-wrap:normal}
th.num{width:1%;text-align:right}
.tick{width:1%;padding-right:0}
.pad{display:grid;place-items:center;width:28px;height:28px;margin:-4px;cursor:pointer}
tr.ticked td{background:color-mix(in srgb,var(--accent) 5%,transparent)}
tr:focus{outline:2px solid var(--accent);outline-offset:-2px}
td:has(>.tag){overflow-wrap:normal}
.tag{display:inline-block;background:color-mix(in srgb,var(--accent) 11%,transparent);border-radius:6px;padding:1px 8px}
.mark,.none{color:var(--soft);font-size:13px}
.third{color:var(--soft);white-space:nowrap}
td.test::before{content:"";display:inline-block;width:7px;height:7px;border-radius:2px;background:var(--good);margin-right:6px}
td.said{font-size:13px;color:var(--soft);min-width:90px;overflow-wrap:normal}
.said span{display:inline-block;margin:0 6px 2px 0}
.own{border:1px solid var(--line);border-radius:6px;padding:0 6px;overflow-wrap:anywhere;color:var(--ink)}
.review{white-space:nowrap}
.review.approved{color:var(--good)}
.review.approved::before{content:"✓ "}
.review.rejected{color:var(--bad)}
.review.rejected::before{content:"✗ "}
.found{color:var(--warn)}
.edit-cell{width:1%;white-space:nowrap;overflow-wrap:normal;padding-top:4px;padding-bottom:4px;text-align:right}
.edit{display:grid;gap:10px}
.edit label{font-size:13.5px;color:var(--soft)}
.edit :is(textarea,input){color:var(--ink);display:block;margin-top:3px}
.from,.h{color:var(--soft);font-size:13.5px}
.past{margin-top:10px;font-size:14px}
.past>summary{color:var(--soft)}
.past ol{margin:4px 0 8px;padding:0;list-style:none;display:grid;gap:8px}
.past li{display:grid;gap:2px;border-left:2px solid var(--line);padding-left:10px}
.past :is(.when,.what){color:var(--soft);font-size:13.5px}
.past :is(del,ins){white-space:pre-wrap;overflow-wrap:anywhere}
.past del{color:var(--soft)}
.past ins{text-decoration:none}
.past pre{white-space:pre-wrap;overflow-wrap:anywhere;font-family:var(--mono);font-size:12.5px;margin:2px 0 0;max-height:240px;overflow:auto}
.past button{justify-self:start}
.empty{padding:26px;text-align:center;color:var(--soft)}
.pages{display:flex;gap:14px;align-items:center;flex-wrap:wrap;margin-top:10px;color:var(--soft);min-height:36px}
.keys{margin-left:auto;font-size:14px}
.keys ul{list-style:none;display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:4px 14px;margin-top:6px;min-width:min(520px,80vw)}
kbd{font-family:var(--mono);font-size:12.5px;border:1px solid var(--line);border-radius:5px;padding:1px 6px;background:var(--card);color:var(--ink)}
@media(max-width:700px){
 table,tbody{display:block}
 thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
 tr{display:grid;grid-template-columns:auto 1fr auto;gap:2px 10px;padding:10px 12px;border-top:1px solid var(--line)}
 tr:first-child{border-top:0}
 tr td{border:0!important;padding:0;background:none!important}
 tr.ticked{background:color-mix(in srgb,var(--accent) 5%,transparent)}
 td.num,td.third{display:none}
 td.tick{width:auto;grid-row:1/4}
 td.text{grid-column:2/-1}
 td.answer,td.said{grid-column:2}
 td.said:empty{display:none}
 .edit-cell{grid-column:3;grid-row:2/4;align-self:start}
 tr.open td[colspan]{grid-column:1/-1}
}
"""
SCRIPT = """
const rows = () => [...element.querySelectorAll('tbody tr')];
const spot = tr => ({rows: [Number(tr.dataset.number)]});
let last = null, opened = '';
const reach = (list, index) => list.length && list[Math.max(0, Math.min(list.length - 1, index))].focus();
element.addEventListener('focusin', event => {
  const tr = event.target.closest('tbody tr');
  last = tr ? {id: tr.dataset.row, index: rows().indexOf(tr)} : last;
});
element.addEventListener('change', event => {
  const box = event.target;
  if (!box.matches('.pick-row,.pick-all')) return;
  const boxes = [...element.querySelectorAll('.pick-row')];
  if (box.matches('.pick-all')) for (const one of boxes) one.checked = box.checked;
  const number = one => Number(one.closest('tr').dataset.number);
  // The whole page is told, not what changed: so no tick is lost when two are under way at once.
  send('rows-tick', {shown: boxes.map(number), rows: boxes.filter(one => one.checked).map(number)});
});
const press = (key, tr) => {
  const does = {
    a: () => send('rows-mark', {...spot(tr), wish: 'approve'}),
    r: () => send('rows-mark', {...spot(tr), wish: 'reject'}),
    t: () => send('rows-form', {...spot(tr), form: 'tag'}),
    x: () => { const box = tr.querySelector('.pick-row'); if (box) box.click(); },
    e: () => { const open = tr.querySelector('[data-act=open-row]'); if (open) open.click(); },
  };
  does.Enter = does.e;
  if (!does[key]) return false;
  does[key]();
  return true;
};
const stands = () => element.querySelector('nav.pages')?.offsetParent;
// Also where nothing has the focus: the keys are this screen's as long as the table stands on it.
document.addEventListener('keydown', event => {
  if (!stands() || !(event.target === document.body || element.contains(event.target))) return;
  const writing = event.target.closest('textarea,select') || event.target.matches('input:not([type=checkbox])');
  if (writing || event.target.closest('.open')) {
    const back = event.key === 'Escape' && element.querySelector('[data-act=close-row]');
    if (back) back.click();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const tr = event.target.closest('tbody tr'), list = rows(), here = list.indexOf(tr);
  const next = {j: here + 1, ArrowDown: here + 1, k: here - 1, ArrowUp: here - 1}[event.key];
  const undo = element.querySelector('.over [data-act=undo]'), keys = element.querySelector('.keys');
  if (next !== undefined) reach(list, next);
  else if (tr && !(event.key === 'Enter' && event.target !== tr) && press(event.key, tr)) last = {id: tr.dataset.row, index: here};
  else if (event.key === 'u' && undo) undo.click();
  else if (event.key === '/') { const search = document.querySelector('form.find input[name=search]'); if (search) { search.focus(); search.select(); } }
  else if (event.key === '?') { keys.open = !keys.open; }
  else return;
  event.preventDefault();
});
watch('value', () => {

  const row = element.querySelector('tr.open'), now = row ? row.dataset.row : '';
  if (now && now !== opened) row.querySelector('textarea').focus();
  else if (last && document.activeElement === document.body) {
    const list = rows(), same = list.findIndex(tr => tr.dataset.row === last.id);
    if (!list.some(tr => tr.contains(document.activeElement))) reach(list, same >= 0 ? same : last.index);
  }
  opened = now;
});
"""
