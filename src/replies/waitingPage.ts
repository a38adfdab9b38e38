import { createHash } from 'node:crypto';
import type { ProxyError } from './errors.ts';
import { escapeHtml, page } from './page.ts';

/** The parameter by which the page below asks for the stream of its sandbox's states. */
export const watchName = 'DAYTONA_PROXY_WAKE';

/** Shows the states as they come, then the app by itself. Where the stream breaks, it looks anew. */
const script = `
const show = (text) => { document.getElementById('state').textContent = text; };
const again = () => location.reload();
const { pathname, search } = location;
const stream = new EventSource(pathname + search + (search ? '&' : '?') + '${watchName}=1');
stream.addEventListener('state', ({ data }) => show(data));
stream.addEventListener('ready', () => { stream.close(); again(); });
stream.addEventListener('failed', ({ data }) => {
  stream.close();
  show(data);
  document.querySelector('h1').textContent = 'Your sandbox did not start.';
  document.querySelector('progress').hidden = true;
  document.getElementById('soon').hidden = true;
  document.getElementById('again').hidden = false;
});
stream.addEventListener('error', () => { if (stream.readyState === 2) setTimeout(again, 3000); });
document.getElementById('again').addEventListener('click', again);
`;

/** Lets the page's one script through a Content-Security-Policy that forbids all else. */
export const scriptHash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** The live page for a person whose sandbox starts; without JavaScript it looks every 3 seconds. */
export function waitingPage({ message, state }: ProxyError, requestId: string): string {
  return page(
    'Starting…',
    message,
    `<p role="status"><progress aria-label="starting"></progress> <span id="state">${escapeHtml(state ?? '')}</span></p>
<p id="soon">The page shows by itself as soon as it is there.</p>
<p><button id="again" hidden>Try again</button></p>
<p><small>request ${escapeHtml(requestId)}</small></p>
<script>${script}</script>`,
    '<noscript><meta http-equiv="refresh" content="3"></noscript>',
  );
}
