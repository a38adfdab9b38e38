/** Guarantee: an instance that dies takes nothing with it but what was under way on it. */
import { afterEach, expect, test } from '@jest/globals';
import type { Answer } from '../support/client.ts';
import { adminToken, type Cluster, describeCluster, startCluster } from '../support/cluster.ts';
import { printFigures, quantile } from '../support/figures.ts';
import type { Instance } from '../support/instance.ts';
import { domain } from '../support/rig.ts';
import { type Outcome, readers, uploader, type Visitor, writers } from '../support/steadyLoad.ts';

const admin = { authorization: `Bearer ${adminToken}` };
const navigation = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
/** A visitor whom nobody else counts. */
const alone = { 'x-forwarded-for': '203.0.113.9' };
/** Answers that have begun cannot be asked for anew. */
const slow: Visitor = { method: 'GET', path: '/slow/', keepAlive: true };

let cluster: Cluster;
describeCluster('two instances', () => {
  afterEach(() => cluster.close());

  test('of which one is killed: only what was under way on it fails, and the other knows all', async () => {
    cluster = await startCluster({ ACCESS_MODE: 'private', RATE_LIMIT_MAX: '100000' });
    const [one, two] = cluster.instances;
    const key = { authorization: `Bearer ${cluster.apiKey}` };
    const visit = (instance: Instance, headers: Record<string, string> = {}, path = '/') =>
      instance.ask({ host: cluster.host(), path, headers: { ...alone, ...headers } });
    const sharing = (instance: Instance, method: string, path: string, body?: string) =>
      instance.ask({
        host: domain,
        path,
        method,
        headers: { ...admin, ...alone },
        ...(body && { body }),
      });

    const credential = `/?DAYTONA_SANDBOX_AUTH_KEY=${cluster.sandbox.token}`;
    const first = await visit(one, navigation, credential);
    const cookie = String(first.headers['set-cookie']?.[0]?.split(';', 1)[0]);
    const wanted = JSON.stringify({ sandboxId: cluster.sandbox.id, port: 3000 });
    const share = JSON.parse((await sharing(one, 'POST', '/shares', wanted)).body);
    const link = `/${new URL(share.url).search}`;
    for (let i = 0; i < 20; i++) await visit(one, key);
    const remaining = remainingOf(await visit(one, key));

    const load = cluster.load([...readers, ...writers, uploader, slow, slow, slow], key);
    await load.served(200);
    const killedAt = performance.now();
    await one.kill();
    const deadAt = performance.now();
    await load.served(200);

    expect(remainingOf(await visit(two, key))).toBe(remaining - 1);
    expect((await visit(two, { cookie })).status).toBe(200);
    expect((await visit(two, {}, link)).status).toBe(200);
    expect((await sharing(two, 'DELETE', `/shares/${share.id}`)).status).toBe(204);
    expect((await visit(two, {}, link)).status).toBe(401);
    await one.start();
    expect((await visit(one, {}, link)).status).toBe(401);
    expect((await visit(one, { cookie })).status).toBe(200);
    await load.served(100);
    const outcomes = await load.stop();

    const failed = outcomes.filter(({ failure }) => failure !== undefined);
    const byTheOther = two.answered();
    const onTheKilled = outcomes.filter(
      ({ path, beganAt, endedAt }) =>
        beganAt <= deadAt && endedAt >= killedAt && !byTheOther.has(path),
    );
    // What has come to the visitor in part, or has no second try and was sent.
    const mayFail = ({ visitor, begun }: Outcome) =>
      begun || visitor.method === 'POST' || visitor === uploader;
    const times = outcomes.map(({ beganAt, endedAt }) => endedAt - beganAt);
    const repeated = cluster.tally.counts('POST').repeated;
    printFigures('one of two instances killed under load', {
      requests: outcomes.length,
      'under way on it': onTheKilled.length,
      failed: `${failed.length} (${tally(failed)})`,
      'POSTs that came twice': repeated,
      'p99 ms': Math.round(quantile(times, 0.99)),
      'slowest ms': Math.round(Math.max(...times)),
    });
    expect(byTheOther.size).toBeGreaterThan(0);
    expect(failed.filter((one) => !onTheKilled.includes(one))).toEqual([]);
    expect(failed.filter((one) => !mayFail(one))).toEqual([]);
    expect(repeated).toBe(0);
  });
});

function remainingOf({ headers }: Answer): number {
  return Number(/remaining=(\d+)/.exec(String(headers.ratelimit))?.[1]);
}

function tally(outcomes: readonly Outcome[]): string {
  const kinds = outcomes.map(({ visitor, begun }) => `${visitor.method}${begun ? ' begun' : ''}`);
  return [...new Set(kinds)]
    .map((kind) => `${kind} ${kinds.filter((one) => one === kind).length}`)
    .join(', ');
}
