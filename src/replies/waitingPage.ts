import { createHash } from 'node:crypto';
import type { ProxyError } from './errors.ts';
import { explanations } from './explanations.ts';
import { escapeHtml, type PageContent } from './page.ts';

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
  document.title = document.querySelector('h1').textContent = 'Your sandbox did not start';
  document.querySelector('progress').hidden = true;
  document.getElementById('soon').hidden = true;
  document.getElementById('failed').hidden = false;
});
stream.addEventListener('error', () => { if (stream.readyState === 2) setTimeout(again, 3000); });
document.getElementById('again').addEventListener('click', again);
`;

/** Lets the page's one script through a Content-Security-Policy that forbids all else. */
export const scriptHash = `'sha256-${createHash('sha256').update(script).digest('base64')}'`;

/** The live page for a person whose sandbox starts; without JavaScript it looks every 3 seconds. */
export function waitingPage({ state }: ProxyError): PageContent {
  const { headline, happened = '', advice } = explanations.SANDBOX_STARTING;
  return {
    headline,
    title: 'Starting…',
    body: `<p role="status"><progress aria-label="starting"></progress> <span id="state">${escapeHtml(state ?? '')}</span></p>
<p id="soon">${escapeHtml(happened)} ${escapeHtml(advice)}</p>
<div id="failed" hidden><h2>What you can do</h2>
<p>${escapeHtml(explanations.START_REFUSED.advice)}</p>
<p><button id="again" type="button">Try again</button></p></div>
<script>${script}</script>`,
    head: '<noscript><meta http-equiv="refresh" content="3"></noscript>',
  };
}
