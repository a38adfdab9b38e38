/**
 * Guarantee: where no file descriptor is left the proxy lives, answers what it can, sheds the rest
 * at once, blames neither Daytona nor a sandbox, and is as before when the crowd has left.
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import http, { type Server } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { startDaytona } from '../../src/demo/daytona.ts';
import { describeWith } from '../support/binary.ts';
import { ask, codeOf } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { printFigures } from '../support/figures.ts';
import { startLimited } from '../support/program.ts';
import { closeServer, domain, listen } from '../support/rig.ts';
import { WatchedProxy } from '../support/watchedProxy.ts';

const crowd = 300;
const rounds = 3;
/** What is left, of which a proxied connection takes two. */
const left = 40;
const heldMs = 300;
const patienceMs = 8_000;
const recoveryMs = 2_000;
/** Of anything but answers, which have a line each. */
const mostLines = 60;

let app: Server;
let appPort: number;

beforeEach(async () => {
  app = http.createServer(async (_req, res) => {
    await wait(heldMs);
    res.end('ok');
  });
  appPort = await listen(app);
});
afterEach(() => closeServer(app));

describeWith('prlimit', 'a proxy without descriptors', (prlimit) => {
  test('sheds a crowd and forgets it', async () => {
    const proxy = await WatchedProxy.start(appPort, { CACHE_TTL: '1000' });
    try {
      expect(await outcome(proxy.port, proxy.host())).toBe('200');
      const before = await proxy.quiet();
      const most = before.fileDescriptors + left;
      expect(spawnSync(prlimit, ['--pid', `${proxy.pid}`, `--nofile=${most}:${most}`]).status).toBe(
        0,
      );
      const told = proxy.lines.length;
      const strangers = Array.from({ length: crowd / 10 }, () => newSandbox(proxy));
      const outcomes: Record<string, number> = {};
      for (let round = 0; round < rounds; round++) {
        const hosts = Array.from({ length: crowd }, (_, i) =>
          i % 10 === 0 ? (strangers[i / 10] ?? '') : proxy.host(),
        );
        for (const one of await Promise.all(hosts.map((host) => outcome(proxy.port, host)))) {
          outcomes[one] = (outcomes[one] ?? 0) + 1;
        }
      }
      const gone = performance.now();
      const served = async () =>
        (await outcome(proxy.port, newSandbox(proxy))) === '200' &&
        (await outcome(proxy.port, proxy.host())) === '200';
      const back = await eventually(served, recoveryMs + 2 * heldMs);
      const tookMs = Math.round(performance.now() - gone);
      const lines = proxy.lines
        .slice(told)
        .filter((line) => !/"event":"(?:access|cache\.\w+)"/.test(line));
      printFigures(`${crowd} clients for ${left} descriptors, ${rounds} times`, {
        outcomes: JSON.stringify(outcomes),
        'all well after, ms': tookMs,
        'lines that are no answers': lines.length,
      });
      expect(back).toBe(true);
      expect(Object.keys(outcomes).sort()).toEqual(['200', '503 OVERLOADED', 'closed']);
      expect(lines.length).toBeLessThan(mostLines);
      expect(lines.filter((line) => /daytona\.|cache\.forget/.test(line))).toEqual([]);
      await proxy.quiet();
      expect(await proxy.excess(before)).toEqual({});
      expect(await proxy.problems()).toEqual([]);
    } finally {
      await proxy.close();
    }
  });

  test('takes no more connections than it has descriptors for, and says so at the start', async () => {
    const daytona = await startDaytona();
    daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${appPort}`);
    const host = `3000-${daytona.sandboxes.create().id}.${domain}`;
    const program = startLimited(256, {
      DAYTONA_API_KEY: daytona.apiKey,
      DAYTONA_API_URL: daytona.apiUrl,
      PROXY_DOMAIN: domain,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'json',
    });
    try {
      const port = Number(/port (\d+)/.exec(await program.line(/start\.listening/))?.[1]);
      const warning = await program.line(/MAX_CONNECTIONS is/);
      expect(warning).toContain('MAX_CONNECTIONS is 96 and not 20000');
      expect(await outcome(port, host)).toBe('200');
      const all = await Promise.all(Array.from({ length: crowd }, () => outcome(port, host)));
      const served = all.filter((one) => one === '200').length;
      printFigures(`${crowd} clients at a limit of 256 descriptors`, {
        served,
        closed: all.filter((one) => one === 'closed').length,
      });
      expect(served).toBeGreaterThanOrEqual(96);
      expect([...new Set(all)].sort()).toEqual(['200', 'closed']);
      await program.line(/limit\.connections/);
      expect(program.lines.filter((line) => /EMFILE|limit\.descriptors/.test(line))).toEqual([]);
      program.child.kill('SIGTERM');
      expect(await program.exit).toBe(0);
    } finally {
      program.child.kill('SIGKILL');
      await program.exit;
      await daytona.close();
    }
  });
});

/** Makes a sandbox that the proxy has never heard of, and gives its host. */
function newSandbox(proxy: WatchedProxy): string {
  const id = randomUUID();
  proxy.daytona.sandboxes.create({ id });
  return `3000-${id}.${domain}`;
}

/** Asks once on a connection of its own: a status and our code, or how it ended. */
async function outcome(port: number, host: string): Promise<string> {
  const asked = ask(port, { host }).then(
    (answer) => (answer.status === 200 ? '200' : `${answer.status} ${codeOf(answer)}`),
    () => 'closed',
  );
  return Promise.race([asked, wait(patienceMs, 'hung', { ref: false })]);
}
