import { readText } from './answer.ts';
import { type App, type Finding, openSocket } from './probes.ts';

const patienceMs = 15_000;

/** Opens a terminal of OpenCode's, has it compute something, and ends it. */
export async function checkTerminal(app: App): Promise<Finding> {
  const { proxy, host, headers } = app;
  const made = await proxy.ask('/pty', {
    method: 'POST',
    host,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ command: '/bin/sh' }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const text = await readText(made.body);
  if (made.statusCode !== 200) {
    return { result: 'failed', detail: `POST /pty: ${made.statusCode} ${text.slice(0, 200)}` };
  }
  const { id } = JSON.parse(text) as { id: string };
  const path = `/pty/${encodeURIComponent(id)}`;
  try {
    await echo(app, `${path}/connect`);
    return { result: 'ok', detail: 'a terminal of OpenCode’s answers' };
  } finally {
    const signal = AbortSignal.timeout(patienceMs);
    const gone = await proxy.ask(path, { method: 'DELETE', host, headers, signal });
    await gone.body.dump();
  }
}

async function echo(app: App, path: string): Promise<void> {
  const socket = await openSocket(app, path);
  try {
    await new Promise<void>((done, fail) => {
      let seen = '';
      setTimeout(() => fail(new Error('the terminal is silent')), patienceMs).unref();
      socket.on('close', (code) => fail(new Error(`the terminal closed with ${code}`)));
      socket.on('message', (data) => {
        seen = (seen + data).slice(-1000);
        if (seen.includes('42-answered')) done();
      });
      socket.send('echo $((6 * 7))-answered\n');
    });
  } finally {
    socket.terminate();
  }
}
