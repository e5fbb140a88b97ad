"""What the labelling part does in the browser: it holds the next texts, takes keys, sends answers without waiting, and forgets none on a reload.

Answers go to the HTTP door (actions label, skip, label-queue, suggestions). All texts are put in as text nodes, never as HTML.
"""

from ui.parts.label_draw import DRAW

KEYS = "123456789abcdefghijklmnopqrstuvwxyz"
HELD, LOW = 60, 30  # texts asked for at once; below so many more are asked for
EVERY = 20  # answers after which the order is worked out anew

SCRIPT = (
    f"const KEYS = '{KEYS}', HELD = {HELD}, LOW = {LOW}, EVERY = {EVERY};"
    + r"""
const words = () => (props.value && props.value.words) || {};
const say = (key, facts) => String(words()[key] ?? '').replace(/\{(\w+)\}/g, (all, name) => facts && name in facts ? facts[name] : all);
const number = value => new Intl.NumberFormat(document.documentElement.lang || 'en', {maximumFractionDigits: 0}).format(value);
const h = (tag, given, ...inside) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) made.addEventListener(name.slice(2), value); else made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...inside.filter(one => one !== null && one !== undefined && one !== ''));
  return made;
};
const press = (given, ...inside) => h('button', {type: 'button', ...given}, ...inside);
const call = async (verb, values) => {
  const reply = await fetch('/api/actions/' + verb, {method: 'POST', body: JSON.stringify({values}),
    headers: {'content-type': 'application/json', 'accept-language': document.documentElement.lang || 'en'}});
  const told = await reply.json();
  if (!reply.ok) throw Object.assign(new Error(told.sentence || String(reply.status)), {status: reply.status});
  return told.result;
};
let s = null, retry = 0;
const memory = {};
const place = dataset => 'bottega.label.' + dataset;
const recall = dataset => { try { return JSON.parse(localStorage.getItem(place(dataset)) || 'null') || memory[dataset] || {}; } catch { return memory[dataset] || {}; } };
const remember = (mine = s) => {
  const kept = {pending: [...mine.pending], aside: [...mine.aside], own: mine.own, fields: mine.fields, how: mine.how};
  memory[mine.dataset] = kept;
  try { localStorage.setItem(place(mine.dataset), JSON.stringify(kept)); } catch { /* kept in memory */ }
};
const open = value => {
  const kept = recall(value.dataset), how = ['choices', 'fields', 'text'].includes(kept.how) ? kept.how : value.how;
  const own = (kept.own || []).filter(name => !value.choices.includes(name));
  s = {dataset: value.dataset, how, own, choices: [...value.choices, ...own], fields: [...new Set([...value.fields, ...(kept.fields || [])])],
    queue: [...value.rows], trail: [], at: null, pending: new Map(kept.pending || []), aside: new Map(kept.aside || []), answered: value.answered,
    rows: value.total, skipped: value.skipped, times: [], draft: null, filter: '', fault: '', sending: false, filling: false, more: true,
    since: 0, ranking: false, learnedFrom: value.learned_from, learned: value.learned_said};
  s.queue = s.queue.filter(row => !s.pending.has(row.position));
  if (how !== value.how && value.rows.length) fill(true);
};
const current = () => s.at !== null ? s.trail[s.at].row : s.queue[0] || null;
const answerNow = () => s.at !== null ? s.trail[s.at].answer : null;
const known = position => s.pending.has(position) || s.trail.some(one => one.row.position === position);

const flush = async () => {
  const mine = s;
  if (!mine || mine.sending || !(mine.pending.size + mine.aside.size)) return;
  mine.sending = true;
  const answers = [...mine.pending].slice(0, 200);
  try {
    if (answers.length) {
      const told = await call('label', {dataset: mine.dataset, answers: answers.map(([position, answer]) => ({position, answer}))});
      for (const [position, answer] of answers) if (mine.pending.get(position) === answer) mine.pending.delete(position);
      Object.assign(mine, {answered: told.counts.answered, rows: told.counts.rows, skipped: told.counts.skipped});
      mine.since += answers.filter(([, answer]) => answer !== null).length;
    }
    for (const again of [false, true]) {
      const places = [...mine.aside].filter(one => one[1] === again).map(one => one[0]);
      if (!places.length) continue;
      const counts = await call('skip', {dataset: mine.dataset, positions: places, again});
      for (const position of places) if (mine.aside.get(position) === again) mine.aside.delete(position);
      mine.skipped = counts.skipped;
    }
    mine.fault = '';
  } catch (error) {
    const later = !error.status || error.status >= 500 || error.status === 429 || error.status === 401;
    mine.fault = error.status && error.status !== 429 ? error.message : words().offline;
    clearTimeout(retry);
    if (later) retry = setTimeout(flush, 3000);
  }
  mine.sending = false;
  remember(mine);  // also when another section was opened meanwhile: what is kept must not be sent again
  if (mine !== s) return;
  line();
  if (!mine.fault && mine.pending.size + mine.aside.size) flush(); else if (!mine.fault) rank();
};
const asked = (mine, more) => call('label-queue', {dataset: mine.dataset, how: mine.how, size: HELD, ...more});
const held = mine => [...new Set([...mine.queue.slice(0, 200).map(row => row.position), ...mine.pending.keys(),
  ...mine.trail.slice(-500).map(one => one.row.position)])].slice(0, 1000);
const fill = async anew => {
  const mine = s;
  if (!mine || mine.filling || (!anew && (!mine.more || mine.queue.length >= LOW))) return;
  mine.filling = true;
  try {
    const told = await asked(mine, {leave_out: held(anew ? {...mine, queue: []} : mine)});
    const fresh = told.rows.map(plainRow);
    if (anew) { mine.queue = fresh; mine.choices = [...new Set([...told.choices, ...mine.own])]; mine.fields = [...new Set([...told.fields, ...mine.fields])]; }
    else mine.queue.push(...fresh.filter(row => !known(row.position) && !mine.queue.some(one => one.position === row.position)));
    mine.more = told.rows.length > 0;
    news(mine, told);
  } catch { await wait(3000); /* and ask again, if it is still needed */ }
  mine.filling = false;
  if (mine === s && (anew || mine.queue.length <= 1 || !shownRow)) draw();
};
const plainRow = row => ({position: row.position, text: row.question, answer: row.answer, suggestion: row.suggestion, certainty: row.certainty});
const news = (mine, told) => {
  mine.learnedFrom = told.learned_from;
  const found = told.learned;
  if (!found) return;
  const facts = found.right === null ? {} : {answered: number(found.answered), right: tenths(found.right / found.rows),
    low: tenths(found.low, 1), high: tenths(found.high, 1)};
  mine.learned = found.right === null ? say('unmeasured', {answered: number(found.answered)}) : say('learned', facts);
  line();
};
const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const propose = async (mine, row) => {
  const told = await asked(mine, {positions: [row.position]});
  if (!told.rows.length || !told.rows[0].suggestion) return;
  Object.assign(row, plainRow(told.rows[0]));
  if (mine === s && current() === row && !s.draft && !s.filter) draw(true);  // only where nothing was proposed: a proposal never changes under a finger
};
const tenths = (share, digits) => {
  const shown = digits || (share < 0.9995 && Math.round(10 * share) === 10) ? Math.min(share < 0.9995 ? 9.9 : 10, Math.round(100 * share) / 10) : Math.round(10 * share);
  return new Intl.NumberFormat(document.documentElement.lang || 'en', {maximumFractionDigits: 1}).format(shown);
};
const rank = async byModel => {
  const mine = s;
  if (!mine || mine.ranking || !(byModel || mine.since >= EVERY || (mine.learnedFrom === null && mine.since > 0))) return;
  mine.ranking = true;
  mine.since = 0;
  try {
    await call('suggestions', {dataset: mine.dataset, how: mine.how, by_model: byModel === true});
    for (let tries = 0; tries < 400; tries++) {
      await wait(700);
      const told = await asked(mine, {leave_out: held({...mine, queue: []})});
      if (told.at_work) continue;
      const now = mine.queue[0], fresh = told.rows.map(plainRow).filter(row => !known(row.position) && (!now || row.position !== now.position));
      mine.queue = now ? [now, ...fresh] : fresh;
      if (now && (byModel || !now.suggestion)) await propose(mine, now);
      mine.more = true;
      news(mine, told);
      if (mine === s && !shownRow) draw();
      break;
    }
    mine.ranking = false;
    if (mine === s) rank();  // what was answered meanwhile may be twenty again
  } catch (error) {  // answers go on without a new order
    mine.ranking = false;
    if (byModel) { mine.fault = error.status ? error.message : words().offline; line(); }
  }
};

const next = () => { s.draft = null; s.filter = ''; draw(); fill(false); flush(); };
const give = answer => {
  const row = current();
  if (!row || answer === null || !String(answer).trim()) return;
  answer = String(answer).trim();
  if (s.how === 'choices' && !s.choices.includes(answer)) { s.choices.push(answer); s.own.push(answer); }
  s.pending.set(row.position, answer);
  s.times.push(Date.now());
  if (s.at !== null) { s.trail[s.at].answer = answer; s.at = s.at + 1 < s.trail.length ? s.at + 1 : null; }
  else { s.trail.push({row, answer}); s.queue.shift(); s.answered += 1; }
  remember();
  next();
};
const skip = () => {
  const row = current();
  if (!row || s.at !== null) { if (s.at !== null) forward(); return; }
  s.aside.set(row.position, false);
  s.trail.push({row, answer: null});
  s.queue.shift();
  remember();
  next();
};
const back = () => { const to = s.at === null ? s.trail.length - 1 : s.at - 1; if (to >= 0) { s.at = to; s.draft = null; draw(); } };
const forward = () => { if (s.at === null) return; s.at = s.at + 1 < s.trail.length ? s.at + 1 : null; s.draft = null; draw(); };
const undo = () => {
  const last = s.at !== null ? s.trail.splice(s.at, 1)[0] : s.trail.pop();
  if (!last) return;
  if (last.answer !== null) { s.pending.set(last.row.position, null); s.answered -= 1; s.times.pop(); } else s.aside.set(last.row.position, true);
  s.queue.unshift({...last.row, answer: null});
  s.at = null;
  remember();
  next();
};
const takeUp = async () => {
  s.trail = s.trail.filter(one => one.answer !== null);
  s.more = true;
  await fill(true);
};
const accept = () => { const row = current(); if (row && row.suggestion && s.how !== 'fields') give(row.suggestion); };
const sendFields = () => { const filled = Object.fromEntries(Object.entries(s.draft || {}).map(([name, one]) => [name, one.text])); give(JSON.stringify(filled)); };
const parsed = text => { try { const found = JSON.parse(text); return found && typeof found === 'object' && !Array.isArray(found) ? found : {}; } catch { return {}; } };
const drafted = row => {
  if (s.draft) return s.draft;
  const said = answerNow() ?? row.answer, from = said || row.suggestion || '{}';
  s.draft = Object.fromEntries(Object.entries(parsed(from)).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
    .map(([name, value]) => [name, {text: String(value), proposed: !said}]));
  for (const name of Object.keys(s.draft)) if (!s.fields.includes(name)) s.fields.push(name);
  return s.draft;
};
let marked = '';
const textBox = () => element.querySelector('.text');
document.addEventListener('selectionchange', () => {
  const chosen = getSelection(), box = textBox();
  if (box && chosen.rangeCount && !chosen.isCollapsed && box.contains(chosen.anchorNode) && box.contains(chosen.focusNode)) marked = chosen.toString();
});
const mark = name => {
  const box = textBox(), chosen = getSelection();
  const now = box && chosen.rangeCount && !chosen.isCollapsed && box.contains(chosen.anchorNode) ? chosen.toString() : marked;
  if (!now.trim()) return;
  drafted(current())[name] = {text: now.trim(), proposed: false};
  marked = '';
  chosen.removeAllRanges();
  draw(true);
};
const walk = event => {
  const chosen = getSelection(), box = textBox(), way = event.key === 'ArrowRight' ? 'forward' : 'backward';
  if (!box.firstChild || !chosen.modify) return;
  if (!chosen.rangeCount || !box.contains(chosen.anchorNode)) { chosen.collapse(box.firstChild, 0); }
  // The browser tells of a new selection a moment later: a quick hand is at the field's name before that.
  if (event.shiftKey) { chosen.modify('extend', way, event.ctrlKey ? 'character' : 'word'); marked = chosen.toString(); return; }
  if (way === 'forward') chosen.collapseToEnd(); else chosen.collapseToStart();
  chosen.modify('move', way, 'word');
  chosen.modify('extend', way === 'forward' ? 'backward' : 'forward', 'word');
  marked = chosen.toString();
};

"""
    + DRAW
)
