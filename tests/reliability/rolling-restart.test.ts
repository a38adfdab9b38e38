/** Guarantee: a new version goes in, one instance after the other, and no visitor notices. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from '@jest/globals';
import { open, openWebSocket } from '../support/client.ts';
import { type Cluster, describeCluster, startCluster } from '../support/cluster.ts';
import { printFigures, quantile } from '../support/figures.ts';
import { readers, uploader, writers } from '../support/steadyLoad.ts';

const each = 15;
let cluster: Cluster;

describeCluster('two instances', () => {
  afterEach(() => cluster.close());

  test('are restarted in turn, and no request that may be repeated fails', async () => {
    cluster = await startCluster({ DRAIN_DELAY_MS: '5000', DRAIN_SPREAD_MS: '1000' });
    const load = cluster.load([...readers, ...writers, uploader]);
    const lasting = new Lasting();
    const all = Array.from({ length: each }, () => [lasting.keepSocket(), lasting.keepStream()]);
    await load.served(100);
    await lasting.opened(2 * each);

    const codes = [];
    const began = performance.now();
    for (const instance of cluster.instances) {
      codes.push(await instance.stop());
      await instance.start();
    }
    const tookMs = Math.round(performance.now() - began);
    // Until both have served again for a while.
    await load.served(100);
    const outcomes = await load.stop();
    await lasting.stop();
    await Promise.all(all.flat());

    const large = outcomes.filter(({ visitor }) => visitor === uploader);
    const of = (method: string) =>
      outcomes.filter(({ visitor }) => visitor.method === method && visitor !== uploader);
    const failures = (some: typeof large) => some.flatMap(({ failure }) => failure ?? []);
    const failed = (method: string) => failures(of(method));
    const ratio = (some: typeof large) => `${failures(some).length}/${some.length}`;
    const repeated = cluster.tally.counts('POST').repeated;
    const answered = outcomes.map(({ beganAt, endedAt }) => endedAt - beganAt);
    printFigures('two instances restarted in turn behind Nginx', {
      'exit codes': codes,
      'ms for both': tookMs,
      'failed GETs': ratio(of('GET')),
      'failed PUTs': ratio(of('PUT')),
      'failed DELETEs': ratio(of('DELETE')),
      'failed POSTs': ratio(of('POST')),
      'failed large PUTs': ratio(large),
      'POSTs that came twice': repeated,
      'WebSockets’ codes': tally(lasting.codes),
      'WebSockets refused before they were open again': lasting.refusals,
      'event streams cut': `${lasting.cut}/${lasting.streams}`,
      'p99 ms': Math.round(quantile(answered, 0.99)),
      'slowest ms': Math.round(Math.max(...answered)),
    });
    expect(codes).toEqual([0, 0]);
    for (const method of ['GET', 'PUT', 'DELETE', 'POST']) {
      expect([method, of(method).length > 0, failed(method)]).toEqual([method, true, []]);
    }
    expect(repeated).toBe(0);
    // Each stop may meet the one that goes out on a connection just as that is closed.
    expect(large.length).toBeGreaterThan(0);
    expect(failures(large).length).toBeLessThanOrEqual(cluster.instances.length);
    // Each lived on one of the two at first, and none stays where it is stopped.
    expect(lasting.codes.length).toBeGreaterThanOrEqual(each);
    expect([...new Set(lasting.codes)]).toEqual([1012]);
    expect([lasting.cut, lasting.streams >= each]).toEqual([0, true]);
  });
});

const tally = (codes: readonly number[]): string =>
  [...new Set(codes)].map((code) => `${code}×${codes.filter((c) => c === code).length}`).join(' ');

/** What is opened anew whenever it ends, as a browser's page would. */
class Lasting {
  /** The codes by which WebSockets have ended. */
  readonly codes: number[] = [];
  /** Event streams that have ended, and those of them that did so before their end. */
  streams = 0;
  cut = 0;
  refusals = 0;
  #openings = 0;
  #stopped = false;
  readonly #ends = new Set<() => void>();

  async keepSocket(): Promise<void> {
    while (!this.#stopped) {
      const opened = await this.#again(() =>
        openWebSocket(cluster.port, cluster.host(3001), '/', {}, cluster.connect),
      );
      if (!opened) continue;
      const { socket } = opened;
      const end = () => socket.terminate();
      this.#ends.add(end);
      socket.on('error', () => {});
      const [code] = (await once(socket, 'close')) as [number];
      this.#ends.delete(end);
      if (!this.#stopped) this.codes.push(code);
    }
  }

  async keepStream(): Promise<void> {
    const { connect } = cluster;
    while (!this.#stopped) {
      const answer = await this.#again(() =>
        open(cluster.port, { host: cluster.host(3001), path: '/events', connect }),
      );
      if (!answer) continue;
      const end = () => void answer.destroy();
      this.#ends.add(end);
      let text = '';
      try {
        for await (const chunk of answer) text = (text + chunk).slice(-100);
      } catch {
        text = '';
      }
      this.#ends.delete(end);
      if (this.#stopped) return;
      this.streams += 1;
      if (!text.endsWith('\n\n')) this.cut += 1;
    }
  }

  /** Resolves once so many have been opened. */
  async opened(count: number): Promise<void> {
    while (this.#openings < count) await wait(20);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const end of this.#ends) end();
  }

  /** @returns undefined where it was refused; then the next try may come after a moment */
  async #again<T>(attempt: () => Promise<T>): Promise<T | undefined> {
    try {
      const opened = await attempt();
      this.#openings += 1;
      return opened;
    } catch {
      this.refusals += 1;
      await wait(100);
      return undefined;
    }
  }
}
