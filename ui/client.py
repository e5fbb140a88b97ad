"""What runs in the browser for the whole page: where one is (the address), the language, light or dark. Parts use it as window.bottega."""

STEPS = ("data", "method", "train", "evaluate", "export")

PAGE_SCRIPT = """
(() => {
  const root = document.documentElement, steps = ['data', 'method', 'train', 'evaluate', 'export'], memory = {};
  // A framed page may be refused its storage: then a choice lasts as long as the page.
  const recall = key => { try { return localStorage.getItem('bottega.' + key) ?? memory[key]; } catch { return memory[key]; } };
  const remember = (key, value) => { memory[key] = value; try { localStorage.setItem('bottega.' + key, value); } catch { /* kept in memory */ } };
  const address = () => new URLSearchParams(location.search);
  const open = ['project', 'step', 'view', 'dataset', 'run', 'verdict', 'package'];
  const language = () => recall('language') || ((navigator.language || 'en').startsWith('it') ? 'it' : 'en');
  const where = () => {
    const found = address(), place = {language: language()};
    for (const key of open) if (found.get(key)) place[key] = found.get(key);
    if (!steps.includes(place.step)) place.step = 'data';
    return place;
  };
  const paint = () => {
    const step = where().step;
    root.dataset.step = step;
    root.lang = language();
    for (const name of steps) {
      const panel = document.getElementById('panel-' + name);
      if (panel) { panel.setAttribute('role', 'tabpanel'); panel.setAttribute('aria-labelledby', 'tab-' + name); }
      const tab = document.getElementById('tab-' + name);
      if (tab) { tab.setAttribute('aria-selected', name === step); tab.tabIndex = name === step ? 0 : -1; }
    }
  };
  const go = (changes, how = 'push') => {
    const found = address();
    if ('project' in changes && found.get('project') && changes.project !== found.get('project')) { found.delete('dataset'); found.delete('view'); }
    for (const key of open) if (key in changes) { if (changes[key]) found.set(key, changes[key]); else found.delete(key); }
    const next = location.pathname + (found.size ? '?' + found : '');
    if (changes.step && changes.step !== where().step) scrollTo(0, 0);
    if (next !== location.pathname + location.search) history[how === 'push' ? 'pushState' : 'replaceState'](null, '', next);
    paint();
  };
  const dark = () => document.body.classList.contains('dark');
  const theme = () => address().get('__theme') ? null : recall('theme');
  const dress = () => { const wish = theme(); if (wish && dark() !== (wish === 'dark')) document.body.classList.toggle('dark', wish === 'dark'); };
  const flip = () => {
    const found = address();
    found.delete('__theme');
    history.replaceState(null, '', location.pathname + (found.size ? '?' + found : ''));
    remember('theme', dark() ? 'light' : 'dark');
    dress();
  };
  window.bottega = {where, go, paint, flip, dark, speak: chosen => { remember('language', chosen); root.lang = chosen; }};
  paint();
  document.addEventListener('DOMContentLoaded', () => {
    new MutationObserver(dress).observe(document.body, {attributes: true, attributeFilter: ['class']});
    dress();
  });
})();
"""

PART_SCRIPT = """
const valuesOf = form => {
  const out = {};
  for (const field of form.querySelectorAll('[name]')) {
    if (field.disabled) continue;
    if (field.type === 'radio') { if (field.checked) out[field.name] = field.value; }
    else out[field.name] = field.type === 'checkbox' ? field.checked : field.value;
  }
  return out;
};
const given = holder => JSON.parse(holder.dataset.values || '{}');
let lastSent = '', lastAt = 0;
const send = (act, values) => {
  const text = act + JSON.stringify(values), now = performance.now();
  if (text === lastSent && now - lastAt < 500) return;  // a double click is one wish
  lastSent = text; lastAt = now;
  // What is done often names few parts that it touches: an answer with all of them costs a tenth of a second in the browser.
  const looks = (element.querySelector('[data-looks]')?.dataset.looks || '').split(' ');
  trigger(looks.includes(act) ? 'look' : 'act', {act, values, place: bottega.where()});
};
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-act]');
  if (!button || !element.contains(button) || button.disabled) return;
  const form = button.closest('form,[data-form]');
  send(button.dataset.act, {...(form ? valuesOf(form) : {}), ...given(button)});
});
element.addEventListener('submit', event => {
  event.preventDefault();
  if (event.target.dataset.act) send(event.target.dataset.act, {...valuesOf(event.target), ...given(event.target)});
  if (event.target.dataset.clear !== undefined) event.target.reset();
});
element.addEventListener('change', event => {
  const field = event.target.closest('[data-change]');
  if (field) send(field.dataset.change, {...valuesOf(field.closest('form') || element), ...given(field), changed: event.target.name});
});
let typing = 0;
element.addEventListener('input', event => {
  const field = event.target.closest('[data-input]');
  if (!field) return;
  clearTimeout(typing);
  typing = setTimeout(() => send(field.dataset.input, valuesOf(field.closest('form') || element)), 250);
});
// An update keeps what the person chose or unfolded, and takes over only what the server changed.
const said = new WeakMap(), unfolded = new Map();
const settle = () => {
  for (const field of element.querySelectorAll('input[type=radio],input[type=checkbox]')) {
    const now = field.hasAttribute('checked');
    if (said.get(field) !== now) { field.checked = now; said.set(field, now); }
  }
  for (const field of element.querySelectorAll('textarea')) {
    if (said.get(field) !== field.defaultValue) { if (said.has(field)) field.value = field.defaultValue; said.set(field, field.defaultValue); }
  }
  for (const fold of element.querySelectorAll('details[data-keep]')) if (unfolded.has(fold.dataset.keep)) fold.open = unfolded.get(fold.dataset.keep);
};
element.addEventListener('toggle', event => { if (event.target.dataset.keep) unfolded.set(event.target.dataset.keep, event.target.open); }, true);
element.addEventListener('keydown', event => {
  if (event.key !== 'Escape') return;
  for (const fold of element.querySelectorAll('details.menu[open]')) { fold.open = false; fold.querySelector('summary').focus(); }
});
watch('value', settle);
settle();
"""
