/**
 * Guarantee: a thousand slow clients do not stop others. While one address holds as many
 * connections as it may and sends its heads or bodies, or reads its answers, a few bytes at a time,
 * every request of another address is answered at once; and whoever does not finish a head is cut
 * off.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { ask } from '../support/client.ts';
import { closeServer, listen } from '../support/rig.ts';
import { type Holdings, WatchedProxy } from '../support/watchedProxy.ts';

const slow = 1_000;
/** A probe of slowhttptest's own may have taken the place of one. */
const held = slow - 5;
/** Within this time half of the others have the answer, in ms, */
const soon = 500;
/** and within this one everybody, also where the machine has other things to do meanwhile. */
const late = 5_000;
/** So many others come at least, once every slow one is there. */
const leastOthers = 100;
/** A look at what the proxy holds, in ms between two. */
const lookMs = 100;
/** When a head is late, by the proxy's defaults; it looks every other second. */
const headMs = 10_000;

describeWith('slowhttptest', 'A thousand slow clients', (slowhttptest) => {
  let app: http.Server;
  let proxy: WatchedProxy;
  let folder: string;
  let before: Holdings;
  const others = new http.Agent({ localAddress: '127.0.0.2' });

  beforeAll(async () => {
    // More than the kernel takes of an answer that hardly anyone reads.
    const large = Buffer.alloc(2_000_000);
    app = http.createServer((req, res) => {
      if (req.method === 'POST') req.resume().on('end', () => res.end());
      else res.end(req.url === '/large' ? large : 'ok');
    });
    proxy = await WatchedProxy.start(await listen(app));
    // The program asks for the host that it connects to, so its name has to lead to the proxy.
    folder = mkdtempSync(join(tmpdir(), 'slow-'));
    writeFileSync(join(folder, 'hosts'), `127.0.0.1 ${proxy.host()}\n`);
    await request();
    before = await proxy.quiet();
  });
  afterAll(async () => {
    await proxy?.close();
    await closeServer(app);
    rmSync(folder, { recursive: true });
  });

  test('that send their heads slowly: others are served, and they are cut off', async () => {
    const { most, tookMs, word } = await attack('/', undefined, '-H', '-r', '500', '-i', '2');
    expect(most.clients).toBeGreaterThan(held);
    expect(most.upstream).toBeLessThan(held);
    expect(word).toContain('No open connections left');
    expect(tookMs).toBeGreaterThan(headMs);
  });

  test('that send their bodies slowly: others are served', async () => {
    const { most } = await attack('/', everyone, '-B', '-r', '500', '-i', '1', '-s', '8192');
    expect(most.clients).toBeGreaterThan(held);
    expect(most.upstream).toBeGreaterThan(held);
  });

  test('that read their answers slowly: others are served', async () => {
    const { most } = await attack('/large', everyone, '-X', '-r', '200', '-n', '1', '-z', '64');
    expect(most.clients).toBeGreaterThan(held);
    expect(most.upstream).toBeGreaterThan(held);
  });

  const everyone = (now: Holdings) => now.clients > held && now.upstream > held;

  /**
   * Runs the program, and everyone else's requests one after another meanwhile.
   *
   * @param enough - what the slow clients have to hold for `leastOthers` requests, after which the
   *   program is ended; without it the program ends by itself
   */
  async function attack(
    path: string,
    enough: ((now: Holdings) => boolean) | undefined,
    ...args: string[]
  ) {
    const url = `http://${proxy.host()}:${proxy.port}${path}`;
    const start = performance.now();
    const env = { LD_PRELOAD: 'libnss_wrapper.so', NSS_WRAPPER_HOSTS: join(folder, 'hosts') };
    const common = ['-c', String(slow), '-u', url, '-v', '1', '-l', '60'];
    let over = false;
    const program = execFile(slowhttptest, [...common, ...args], { env });
    const word = new Promise<string>((resolve) => {
      let printed = '';
      program.stdout?.on('data', (text: string) => {
        printed += text;
      });
      program.once('close', () => {
        over = true;
        resolve(printed);
      });
    });
    const most = { clients: 0, upstream: 0 };
    const times: number[] = [];
    let whileHeld = 0;
    let looked = 0;
    while (!over) {
      times.push(await request());
      if (whileHeld > 0) whileHeld += 1;
      if (whileHeld > leastOthers) program.kill('SIGINT');
      if (performance.now() - looked < lookMs) continue;
      looked = performance.now();
      const now = await proxy.holdings();
      most.clients = Math.max(most.clients, now.clients);
      most.upstream = Math.max(most.upstream, now.upstream);
      if (whileHeld === 0 && enough?.(now)) whileHeld = 1;
    }
    const tookMs = performance.now() - start;
    if (enough) expect(whileHeld).toBeGreaterThan(leastOthers);
    expect(times.length).toBeGreaterThan(leastOthers);
    expect(Math.max(...times)).toBeLessThan(late);
    expect(times.sort((a, b) => a - b)[times.length >> 1]).toBeLessThan(soon);
    await proxy.quiet();
    expect(await proxy.excess(before)).toEqual({});
    expect(await proxy.problems()).toEqual([]);
    return { most, tookMs, word: await word };
  }

  /** @returns how long the answer took, in ms */
  async function request(): Promise<number> {
    const start = performance.now();
    const { status, body } = await ask(proxy.port, { host: proxy.host(), agent: others });
    expect([status, body]).toEqual([200, 'ok']);
    return performance.now() - start;
  }
});
