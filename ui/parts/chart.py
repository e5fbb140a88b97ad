"""What charts share: axes in round numbers, and the way to take a chart home as a picture."""

# Inside a template's expression. `frame(W, H, xmax, top)` gives the places of a point, the path of a series and the axes' lines and numbers.
FRAME = r"""
  const tongue = document.documentElement.lang || 'en', L = 44, R = 14, T = 16, B = 40;
  const say = (n, d) => new Intl.NumberFormat(tongue, {minimumFractionDigits: d, maximumFractionDigits: d}).format(n);
  const frame = (W, H, xmax, top) => {
    const nice = span => { const raw = span / (W < 600 ? 3 : 5), p = 10 ** Math.floor(Math.log10(raw)); return [1, 2, 5, 10].map(m => m * p).find(s => s >= raw); };
    const ystep = nice(top * 1.05), ymax = Math.ceil(top * 1.02 / ystep) * ystep, xstep = Math.max(1, nice(xmax));
    const digits = ystep < 0.1 ? 2 : ystep < 1 ? 1 : 0, rows = [], columns = [];
    const x = s => L + (W - L - R) * s / xmax, y = l => T + (H - T - B) * (1 - l / ymax);
    const path = a => a.map((p, i) => (i ? 'L' : 'M') + x(p[0]).toFixed(1) + ' ' + y(p[1]).toFixed(1)).join('');
    for (let l = 0; l <= ymax + ystep / 2; l += ystep) rows.push(`<line x1="${L}" x2="${W - R}" y1="${y(l).toFixed(1)}" y2="${y(l).toFixed(1)}"
 class="grid"></line><text x="${L - 8}" y="${(y(l) + 4).toFixed(1)}" text-anchor="end">${say(l, digits)}</text>`);
    for (let s = 0; s <= xmax; s += xstep) columns.push(`<text x="${x(s).toFixed(1)}" y="${H - 22}" text-anchor="middle">${say(s, 0)}</text>`);
    return {x, y, path, rows, columns};
  };
"""

FIGURE_CSS = """
figure{border:1px solid var(--line);border-radius:12px;background:var(--card);padding:14px 16px;margin:0 0 20px;position:relative}
"""

FRAME_CSS = (
    FIGURE_CSS
    + """
svg{display:block;font-size:12px;max-width:100%}
text{fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--line)}
path{fill:none;stroke-linejoin:round}
.wait{font-size:14px}
.home{display:flex;gap:6px 16px;flex-wrap:wrap;margin-top:8px;font-size:14px}
.home a,.home button{padding:4px 0;min-height:24px;text-decoration:underline}
"""
)

# Below a chart. `value.home` are links with text and address; `value.picture` is the text of the button for the picture, `value.file` its file's name.
HOME = """${value.picture || value.home.length ? `<div class="home">${value.home.map(l => `<a href="${e(l.address)}"
 download>${e(l.text)}</a>`).join('')}${value.picture ? `<button type="button" class="link" data-png="${e(value.file)}">${e(value.picture)}</button>` : ''}</div>` : ''}"""

# In a part's script. The picture is drawn here, in the browser, in the colours that are seen; nothing is sent.
PICTURE = """
const KEPT = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'opacity', 'font-size', 'font-family', 'font-weight', 'paint-order'];
const pictured = async (svg, keys, name) => {
  const copy = svg.cloneNode(true), alive = svg.querySelectorAll('*'), box = svg.viewBox.baseVal, scale = 2, head = keys.length ? 34 : 0;
  copy.querySelectorAll('*').forEach((node, at) => {
    const look = getComputedStyle(alive[at]);
    node.setAttribute('style', KEPT.map(key => key + ':' + look.getPropertyValue(key)).join(';'));
  });
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  const picture = new Image();
  picture.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(new XMLSerializer().serializeToString(copy));
  await picture.decode();
  const canvas = document.createElement('canvas'), ink = getComputedStyle(svg.closest('figure'));
  canvas.width = box.width * scale; canvas.height = (box.height + head) * scale;
  const draw = canvas.getContext('2d');
  draw.scale(scale, scale);
  draw.fillStyle = ink.backgroundColor; draw.fillRect(0, 0, box.width, box.height + head);
  draw.font = '13px ' + ink.fontFamily; draw.textBaseline = 'middle';
  let across = 44;
  for (const key of keys) {
    draw.fillStyle = getComputedStyle(key, '::before').backgroundColor; draw.fillRect(across, 16, 16, 4);
    draw.fillStyle = ink.color; draw.fillText(key.textContent.trim(), across + 23, 18);
    across += 47 + draw.measureText(key.textContent.trim()).width;
  }
  draw.drawImage(picture, 0, head, box.width, box.height);
  canvas.toBlob(made => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(made); link.download = name + '.png'; link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }, 'image/png');
};
element.addEventListener('click', event => {
  const wish = event.target.closest('[data-png]'), figure = wish && wish.closest('figure');
  if (figure) pictured(figure.querySelector('svg'), [...figure.querySelectorAll('.k')], wish.dataset.png);
});
"""

# In a part's script: a chart fills its part's width.
WIDE = """
let width = 0;
new ResizeObserver(() => { const now = element.clientWidth; if (now && now !== width && props.value) { width = now; props.value = {...props.value}; } }).observe(element);
"""
