"""How the labelling part draws a text with what answers it, and which key does what. Second half of ui/parts/label_script.py, in its scope."""

DRAW = r"""
let shownRow = null;
const line = () => {
  const told = element.querySelector('.told');
  if (!told || !s) return;
  const recent = s.times.filter(at => at > Date.now() - 120000), spent = recent.length > 4 ? (Date.now() - recent[0]) / 60000 : 0;
  const pace = spent > 0.02 ? recent.length / spent : 0, waiting = s.pending.size + s.aside.size;
  told.replaceChildren(h('span', {class: 'num'}, say('progress', {done: number(s.answered), rows: number(s.rows)})),
    pace ? h('span', {class: 'num'}, say('pace', {pace: number(pace)})) : '',
    h('span', {class: 'saved'}, waiting ? say('waiting', {count: number(waiting)}) : say('saved')));
  const bar = element.querySelector('.bar i');
  if (bar) bar.style.width = (s.rows ? 100 * Math.min(1, s.answered / s.rows) : 0) + '%';
  const learned = element.querySelector('.learned');
  if (learned && learned.textContent !== (s.learned || '')) learned.textContent = s.learned || '';
  const fault = element.querySelector('.fault');
  if (fault && fault.textContent !== s.fault) fault.textContent = s.fault;
};
const choicesOf = row => {
  const chosen = answerNow() ?? row.answer;
  const add = h('input', {type: 'text', class: 'add', maxlength: 200, placeholder: words().new_choice, 'aria-label': words().new_choice, autocomplete: 'off',
    oninput: event => { s.filter = event.target.value; grid.replaceChildren(...buttonsOf()); },
    onkeydown: event => {
      if (event.key === 'Escape') { event.target.value = s.filter = ''; event.target.blur(); grid.replaceChildren(...buttonsOf()); }
      if (event.key !== 'Enter') return;
      event.preventDefault();
      event.stopPropagation();
      const typed = event.target.value.trim(), same = s.choices.find(name => name.toLowerCase() === typed.toLowerCase());
      if (typed) give(same || typed);
    }});
  const buttonsOf = () => s.choices.map((name, i) => [name, KEYS[i] || '']).filter(([name]) => name.toLowerCase().includes(s.filter.trim().toLowerCase()))
    .map(([name, key]) => press({class: 'choice' + (name === chosen ? ' on' : ''), 'aria-keyshortcuts': key || null, onclick: () => give(name)},
      h('kbd', {'aria-hidden': true}, key), h('span', {}, name)));
  const grid = h('div', {class: 'choices', role: 'group', 'aria-label': words().choose}, ...buttonsOf());
  return [grid, add];
};
const fieldsOf = row => {
  const draft = drafted(row);
  const rows = s.fields.map((name, i) => h('div', {class: 'field'},
    press({class: 'choice', 'aria-keyshortcuts': KEYS[i] || null, onpointerdown: event => event.preventDefault(), onclick: () => mark(name)},
      h('kbd', {'aria-hidden': true}, KEYS[i] || ''), h('span', {}, name)),
    draft[name] ? h('span', {class: draft[name].proposed ? 'value proposed' : 'value'}, draft[name].text) : h('span', {class: 'value none'}, words().empty_field),
    draft[name] ? press({class: 'link', 'aria-label': say('clear', {field: name}), onclick: () => { delete s.draft[name]; draw(true); }}, '×') : ''));
  const add = h('input', {type: 'text', class: 'add', maxlength: 60, placeholder: words().new_field, 'aria-label': words().new_field, autocomplete: 'off',
    onkeydown: event => {
      if (event.key !== 'Enter') return;
      event.preventDefault();
      event.stopPropagation();
      const name = event.target.value.trim();
      if (!name) return;
      if (!s.fields.includes(name)) s.fields.push(name);
      remember();
      if (marked.trim()) mark(name); else draw(true);
    }});
  return [h('p', {class: 'soft'}, words().mark_hint), h('div', {class: 'fields'}, ...rows), add,
    press({class: 'accent send', onclick: sendFields}, words().send, h('kbd', {}, '⏎'))];
};
const wordsOf = row => {
  const box = h('textarea', {class: 'own', rows: 5, maxlength: 20000, 'aria-label': words().answer});
  box.value = s.draft ?? answerNow() ?? row.answer ?? '';
  box.addEventListener('input', () => { s.draft = box.value; });
  box.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); if (box.value.trim()) give(box.value); else accept(); }
    if (event.key === 'Escape') box.blur();
  });
  return [box, press({class: 'accent send', onclick: () => give(box.value)}, words().send, h('kbd', {}, 'Ctrl ⏎'))];
};
const rest = () => {
  const waits = s.filling || s.ranking && s.more, aside = s.trail.filter(one => one.answer === null).length || s.skipped;
  return h('div', {class: 'rest'}, h('p', {}, waits ? words().wait : words().all_done),
    !waits && aside ? press({class: 'plain', onclick: takeUp}, say('take_up', {count: number(aside)})) : '',
    s.trail.length ? press({class: 'plain', onclick: back}, words().back) : '');
};
const bodyOf = row => {
  const text = h('div', {class: 'text', tabindex: 0, 'aria-live': 'polite', 'aria-label': words().text, role: 'region'}, row.text);
  const proposal = row.suggestion && s.how !== 'fields' && answerNow() === null ? press({class: 'proposal', onclick: accept, 'aria-keyshortcuts': 'Enter'},
    h('span', {class: 'soft'}, words().proposed), h('b', {}, row.suggestion),
    row.certainty === null || row.certainty === undefined ? '' : h('span', {class: 'soft num'}, number(100 * row.certainty) + '\u00a0%'),
    h('kbd', {'aria-hidden': true}, s.how === 'text' ? 'Ctrl ⏎' : '⏎')) : '';
  return [text, proposal, ...(s.how === 'choices' ? choicesOf(row) : s.how === 'fields' ? fieldsOf(row) : wordsOf(row)), h('div', {class: 'do'},
    press({class: 'plain', onclick: skip, 'aria-keyshortcuts': 'Space'}, s.at === null ? words().skip : words().forward),
    s.trail.length && s.at !== 0 ? press({class: 'plain', onclick: back, 'aria-keyshortcuts': 'ArrowLeft'}, words().back) : '',
    s.trail.length ? press({class: 'plain', onclick: undo, 'aria-keyshortcuts': 'Backspace'}, words().undo) : '')];
};
const draw = same => {
  const stage = element.querySelector('.stage');
  if (!stage || !s) return;
  const row = current(), inside = stage.contains(document.activeElement), typing = inside && document.activeElement.matches('textarea');
  shownRow = row;
  if (!same) marked = '';
  stage.dataset.position = row ? row.position : '';
  if (!row && s.more) fill(false);
  stage.dataset.state = row ? 'text' : s.filling || (s.ranking && s.more) ? 'waiting' : 'done';
  stage.replaceChildren(...(row ? bodyOf(row).filter(Boolean) : [rest()]));
  if (inside || same) (typing || s.how === 'text' ? stage.querySelector('textarea') || stage : textBox() || stage).focus({preventScroll: true});
  line();
};
document.addEventListener('keydown', event => {
  if (!s || !element.offsetParent || event.defaultPrevented) return;
  const field = event.target.closest && event.target.closest('input,textarea,select,[contenteditable=true]');
  if (field || !current()) { if (!field && event.key === 'Backspace' && s.trail.length) { event.preventDefault(); undo(); } return; }
  const pressed = event.target.closest && event.target.closest('button,a,summary,[role=tab]');
  if (pressed && (event.key === 'Enter' || event.key === ' ' || (event.key.startsWith('Arrow') && !element.contains(pressed)))) return;
  const plain = !(event.ctrlKey || event.metaKey || event.altKey), undoing = event.key === 'z' && (event.ctrlKey || event.metaKey);
  if (undoing || (plain && event.key === 'Backspace')) { event.preventDefault(); undo(); return; }
  if (s.how === 'fields' && event.key.startsWith('Arrow') && textBox() && textBox().contains(event.target)) {
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') { event.preventDefault(); walk(event); }
    return;
  }
  if (!plain || event.repeat) return;
  const at = event.key.length === 1 ? KEYS.indexOf(event.key.toLowerCase()) : -1;
  const doing = {Enter: () => s.how === 'fields' ? sendFields() : accept(), ' ': skip, ArrowLeft: back, ArrowRight: forward,
    '+': () => element.querySelector('.add')?.focus(), '/': () => element.querySelector('.add')?.focus()}[event.key];
  if (doing) { event.preventDefault(); doing(); }
  else if (at >= 0 && s.how === 'choices' && at < s.choices.length) { event.preventDefault(); give(s.choices[at]); }
  else if (at >= 0 && s.how === 'fields' && at < s.fields.length) { event.preventDefault(); mark(s.fields[at]); }
});
element.addEventListener('change', event => {
  if (event.target.name !== 'label_how' || !s) return;
  s.how = event.target.value;
  remember();
  fill(true);
});
element.addEventListener('click', event => { if (event.target.closest('.by-model') && s) rank(true); });
const arrive = () => {
  const value = props.value;
  if (!value || !value.dataset) { s = null; return; }
  if (!s || s.dataset !== value.dataset) { open(value); flush(); }
  else if (!s.queue.length) { s.more = true; }
  for (const radio of element.querySelectorAll('[name=label_how]')) radio.checked = radio.value === s.how;
  draw();
};
watch('value', arrive);
arrive();
addEventListener('beforeunload', event => { if (s && s.pending.size && s.fault) event.preventDefault(); });
"""
