import { escapeHtml } from '../replies/page.ts';

/** The demo sandbox's one page: what the app saw of this very request, live. */
export function demoPage(headers: NodeJS.Dict<string | string[]>): string {
  const rows = Object.entries(headers)
    .map(
      ([name, value]) =>
        `<tr><th scope="row">${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`,
    )
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>A sandbox behind daytona-proxy</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font: .85rem ui-monospace, monospace }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #8884; word-break: break-word }
output { display: block; padding: .6rem; border: 1px solid #8884; border-radius: .4rem; font: .85rem ui-monospace, monospace }
</style>
</head>
<body>
<h1>This page comes from inside a sandbox</h1>
<p>The app behind it listens on port 3000 of a sandbox and knows nothing of the proxy: no warning
screen, no token in the browser, and every path of this host is the app’s own,
<a href="/health">/health</a> included.</p>
<h2>A WebSocket</h2>
<form><label>Say something: <input name="message" value="hello" autocomplete="off"></label> <button>Send</button></form>
<output id="socket" aria-live="polite">connecting …</output>
<h2>An event stream</h2>
<output id="events">connecting …</output>
<h2>Your request, as the app saw it</h2>
<table>${rows}</table>
<script>
const show = (id, line) => { document.getElementById(id).textContent = line };
const socket = new WebSocket(location.origin.replace('http', 'ws') + '/ws');
socket.onopen = () => socket.send('hello');
socket.onmessage = ({ data }) => show('socket', 'the app answered: ' + data);
socket.onclose = () => show('socket', 'closed');
document.forms[0].onsubmit = (event) => {
  event.preventDefault();
  socket.send(document.forms[0].message.value);
};
const events = new EventSource('/events');
events.onmessage = ({ data }) => show('events', 'the app’s clock: ' + data);
events.onerror = () => show('events', 'reconnecting …');
</script>
</body>
</html>
`;
}
