/** The script of the page for operators, as browsers get it: keeps its texts, tables and plots up to date. */
const width = 300;
const height = 64;
const namespace = 'http://www.w3.org/2000/svg';
const status = document.getElementById('status');
const pause = document.getElementById('pause');
let stream;
let paused = false;
/** True from the end of a stream until the next one is open. */
let interrupted = false;

function say(text, look) {
  if (status.textContent !== text) status.textContent = text;
  status.className = look;
}

function show({ texts, plots, ...tables }) {
  for (const element of document.querySelectorAll('[data-text]')) {
    const text = texts[element.dataset.text] ?? '';
    if (element.textContent !== text) element.textContent = text;
  }
  for (const svg of document.querySelectorAll('[data-plot]')) draw(svg, plots[svg.dataset.plot]);
  for (const body of document.querySelectorAll('[data-rows]'))
    fill(body, tables[body.dataset.rows]);
}

/** Draws lines of one value a minute; where there is none, a line has a gap. */
function draw(svg, lines) {
  const most = svg.dataset.plot === 'hitRate' ? 100 : Math.max(...lines.flat(), 0) || 1;
  const paths = [];
  lines.forEach((line, i) => {
    const place = (value, at) =>
      `${((at * width) / (line.length - 1)).toFixed(1)} ${(height - 2 - (value / most) * (height - 6)).toFixed(1)}`;
    let outline = '';
    let area = '';
    let dots = '';
    for (let at = 0; at < line.length; at++) {
      if (line[at] === null) continue;
      const first = at;
      const places = [];
      for (; at < line.length && line[at] !== null; at++) places.push(place(line[at], at));
      // A value without neighbours is a line of no length, which shows as a dot.
      if (places.length === 1) dots += `M${places[0]}h0.01`;
      else outline += `M${places.join('L')}`;
      const [left, right] = [place(0, first), place(0, at - 1)];
      area += `M${left}L${places.join('L')}L${right}Z`;
    }
    if (lines.length === 1) paths.push(path('area', area));
    paths.push(path('abc'[i], outline));
    if (dots) paths.push(path(`${'abc'[i]} dot`, dots));
  });
  svg.replaceChildren(...paths);
}

function path(look, d) {
  const element = document.createElementNS(namespace, 'path');
  element.setAttribute('class', look);
  element.setAttribute('d', d);
  return element;
}

/** Brings a table's rows up to date, without taking the focus away from a button in one of them. */
function fill(body, rows) {
  const focused = document.activeElement;
  const wasInside = body.contains(focused);
  const known = new Map([...body.rows].map((row) => [row.dataset.key, row]));
  rows.forEach(({ key, cells }, at) => {
    const row = known.get(key) ?? made(body.dataset.rows, key);
    known.delete(key);
    cells.forEach((text, i) => {
      if (row.cells[i].textContent !== text) row.cells[i].textContent = text;
    });
    if (body.rows[at] !== row) body.insertBefore(row, body.rows[at] ?? null);
  });
  for (const row of known.values()) row.remove();
  if (wasInside && document.activeElement !== focused) {
    (focused.isConnected ? focused : document.getElementById(body.dataset.rows)).focus({
      preventScroll: true,
    });
  }
}

function made(table, key) {
  const row = document.getElementById(`row-${table}`).content.firstElementChild.cloneNode(true);
  row.dataset.key = key;
  const input = row.querySelector('input');
  if (input) input.value = key;
  row.querySelector('button')?.setAttribute('aria-label', `Forget ${key}`);
  return row;
}

function connect() {
  stream?.close();
  stream = new EventSource('/stats/events');
  stream.addEventListener('open', () => {
    interrupted = false;
    say('live', 'live');
  });
  stream.addEventListener('report', ({ data }) => show(JSON.parse(data)));
  stream.addEventListener('error', ({ target }) => {
    if (target !== stream) return;
    const refused = target.readyState === EventSource.CLOSED;
    // Every stream ends after a while, and opens anew by itself: nothing to speak of.
    if (refused || interrupted) say('connection lost, trying again', 'lost');
    interrupted = true;
    if (refused) setTimeout(() => lookAgain(target), 5_000);
  });
}

/** Only where a login is needed the page itself has more to say; it would come without its place. */
async function lookAgain(refused) {
  if (refused !== stream) return;
  const answer = await fetch('/stats/events', { method: 'HEAD' }).catch(() => undefined);
  if (refused !== stream) return;
  if (answer?.status === 401) location.reload();
  else connect();
}

function disconnect() {
  stream?.close();
  stream = undefined;
}

pause.hidden = false;
pause.addEventListener('click', () => {
  paused = !paused;
  pause.textContent = paused ? 'Go on' : 'Pause';
  if (paused) {
    disconnect();
    say('paused', '');
  } else connect();
});

/** A tab that nobody sees takes no place. */
document.addEventListener('visibilitychange', () => {
  if (paused) return;
  if (document.hidden) disconnect();
  else connect();
});

document.addEventListener('submit', async (event) => {
  const form = event.target;
  if (!form.matches('.forget')) return;
  event.preventDefault();
  const key = new FormData(form).get('key');
  const path = key === null ? '/stats' : `/stats/${encodeURIComponent(key)}`;
  const headers = { 'X-Stats-Action': 'forget' };
  const answer = await fetch(path, { method: 'DELETE', headers }).catch(() => undefined);
  const what = key ?? 'all sandboxes';
  if (answer?.ok) say(`forgot ${what}`, paused ? '' : 'live');
  else say(`could not forget ${what}`, 'lost');
});

if (!document.hidden) connect();
