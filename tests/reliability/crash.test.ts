import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type EmbeddedDaytona, startDaytona } from '../../src/demo/daytona.ts';
import { type BusyApp, createBusyApp } from '../support/busyApp.ts';
import { ask, open } from '../support/client.ts';
import { type Program, startProbed } from '../support/program.ts';
import { closeServer, domain, listen } from '../support/rig.ts';

/** Crashes the process whenever it is told to, and may give it a signal right behind. */
const crasher = new URL(
  `data:text/javascript,${encodeURIComponent(`
    process.on('message', ({ text, signal }) => {
      if (signal) setImmediate(() => process.emit(signal, signal));
      throw new Error(text);
    });
    process.channel.unref();
  `)}`,
);

let daytona: EmbeddedDaytona;
let app: BusyApp;
let program: Program;
let port: number;
let host: string;

beforeEach(async () => {
  daytona = await startDaytona();
  app = createBusyApp();
  const appPort = await listen(app.server);
  daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${appPort}`);
  host = `3000-${daytona.sandboxes.create().id}.${domain}`;
  program = startProbed(crasher, {
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: domain,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'json',
  });
  port = Number(/port (\d+)/.exec(await program.line(/start.listening/))?.[1]);
  expect((await ask(port, { host })).status).toBe(200);
});
afterEach(async () => {
  program.child.kill('SIGKILL');
  await program.exit;
  await closeServer(app.server);
  await daytona.close();
});

const crash = (text: string, signal?: NodeJS.Signals) => program.child.send({ text, signal });
const finish = async (answer: Awaited<ReturnType<typeof open>>) => {
  app.held[0]?.end('finished');
  const [chunk] = await once(answer, 'data');
  expect(String(chunk)).toBe('finished');
};

test('a crash during a stop is logged and cuts nothing off, and the exit code is 1', async () => {
  const answer = await open(port, { host, path: '/held' });
  program.child.kill('SIGTERM');
  await program.line(/stop.draining/);
  crash('while it stops');
  await program.line(/process.crash.*while it stops/);
  await finish(answer);
  expect(await program.exit).toBe(1);
  await program.line(/stop.done/);
});

test('a second crash does not end what the first lets finish', async () => {
  const answer = await open(port, { host, path: '/held' });
  crash('the first');
  await program.line(/process.crash.*the first/);
  crash('the second');
  await program.line(/process.crash.*the second/);
  await finish(answer);
  expect(await program.exit).toBe(1);
});

test('a signal behind a crash ends it at once, and what happened is in the log', async () => {
  const answer = await open(port, { host, path: '/held' });
  answer.on('error', () => {});
  crash('and a signal', 'SIGTERM');
  expect(await program.exit).toBe(1);
  await program.line(/process.crash.*and a signal/);
  expect(program.lines.some((line) => line.includes('stop.done'))).toBe(false);
});
