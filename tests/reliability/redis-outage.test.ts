/** Guarantee: a Redis that goes takes no request with it, and nothing that was ended comes back. */
import { afterEach, expect, test } from '@jest/globals';
import type { Answer } from '../support/client.ts';
import { adminToken, type Cluster, describeCluster, startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { printFigures, quantile } from '../support/figures.ts';
import type { Instance } from '../support/instance.ts';
import { domain } from '../support/rig.ts';
import { readers, writers } from '../support/steadyLoad.ts';

const admin = { authorization: `Bearer ${adminToken}` };
/** A visitor whom nobody else counts. */
const alone = { 'x-forwarded-for': '203.0.113.9' };
const down = 'memory (redis is down)';

let cluster: Cluster;
describeCluster('two instances', () => {
  afterEach(() => cluster.close());

  test('whose Redis is killed under load and comes back empty fail no request, and what was ended stays so', async () => {
    cluster = await startCluster({ ACCESS_MODE: 'private' });
    const { instances, redis } = cluster;
    const [one, two] = instances;
    const key = { authorization: `Bearer ${cluster.apiKey}` };
    const visit = (instance: Instance, path = '/', headers: Record<string, string> = {}) =>
      instance.ask({ host: cluster.host(), path, headers: { ...alone, ...headers } });
    const share = async () => {
      const body = JSON.stringify({ sandboxId: cluster.sandbox.id, port: 3000 });
      const what = { host: domain, path: '/shares', method: 'POST', headers: admin, body };
      const { id, url } = JSON.parse((await one.ask(what)).body);
      return { id, path: `/${new URL(url).search}` };
    };
    const end = async (instance: Instance, { id }: { id: string }) => {
      const what = { host: domain, path: `/shares/${id}`, method: 'DELETE', headers: admin };
      expect((await instance.ask(what)).status).toBe(204);
    };
    const opens = (path: string) =>
      Promise.all(instances.map(async (instance) => (await visit(instance, path)).status));
    const stores = new Set<string>();
    const statuses = new Set<number>();
    const bothSay = (wanted: string) =>
      eventually(async () => {
        const said = await Promise.all(instances.map((instance) => instance.readiness()));
        for (const { store, status } of said) {
          stores.add(store);
          statuses.add(status);
        }
        return said.every(({ store }) => store === wanted);
      });
    const [endedBefore, endedMeanwhile] = [await share(), await share()];
    await end(one, endedBefore);

    const load = cluster.load([...readers, ...writers], key);
    await load.served(150);
    const goneAt = performance.now();
    await redis.kill();
    expect(await bothSay(down)).toBe(true);
    const knownMs = Math.round(performance.now() - goneAt);
    await end(two, endedMeanwhile);
    expect(await opens(endedBefore.path)).toEqual([401, 401]);
    await load.served(400);
    const backAt = performance.now();
    await redis.restart();
    expect(await bothSay('redis')).toBe(true);
    const foundMs = Math.round(performance.now() - backAt);
    const learnt = () => opens(endedMeanwhile.path).then((all) => all.every((one) => one === 401));
    expect(await eventually(learnt)).toBe(true);
    expect(await opens(endedBefore.path)).toEqual([401, 401]);
    const remaining = remainingOf(await visit(one, '/', key));
    const counted = [two, one, two].map(async (instance) =>
      remainingOf(await visit(instance, '/', key)),
    );
    expect((await Promise.all(counted)).sort((a, b) => a - b)).toEqual(
      [3, 2, 1].map((n) => remaining - n),
    );
    await load.served(100);
    const outcomes = await load.stop();

    const failed = outcomes.flatMap(({ failure }) => failure ?? []);
    const timesOf = (from: number, to: number) =>
      outcomes
        .filter(({ beganAt, endedAt }) => endedAt >= from && beganAt <= to)
        .map(({ beganAt, endedAt }) => endedAt - beganAt);
    const [before, going, away, after] = [
      timesOf(0, goneAt),
      timesOf(goneAt, goneAt + knownMs),
      timesOf(goneAt + knownMs, backAt),
      timesOf(backAt, performance.now()),
    ].map((times) => `${Math.round(quantile(times, 0.5))}/${Math.round(Math.max(...times))}`);
    printFigures('Redis killed under load, and back empty', {
      failed: `${failed.length}/${outcomes.length}`,
      'median/slowest ms before': before,
      'until both knew that it went': going,
      'while it was away': away,
      'when it came back': after,
      'ms until both knew': knownMs,
      'ms until both had it back': foundMs,
      '/ready': [...statuses],
    });
    expect(failed).toEqual([]);
    expect([[...statuses], stores]).toEqual([[200], new Set(['redis', down])]);
  });
});

function remainingOf({ headers }: Answer): number {
  return Number(/remaining=(\d+)/.exec(String(headers.ratelimit))?.[1]);
}
