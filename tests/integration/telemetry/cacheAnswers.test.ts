import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';
import { sumOf } from '../../support/scrape.ts';
import { statsEvents } from '../../support/statsEvents.ts';

let rig: Rig;
afterEach(() => rig.close());

test.each(['open', 'protected'])(
  'access lines, JSON, page and metrics count the same answers of the cache (%s)',
  async (ACCESS_MODE) => {
    rig = await startRig({
      app: (_req, res) => void res.end('app'),
      sandbox: { public: true },
      env: { WAKE: 'off', ACCESS_MODE },
    });
    const asleep = rig.daytona.sandboxes.create({ state: 'stopped', public: true });
    const statuses: number[] = [];
    const hosts = [rig.host(), rig.host(), rig.host(3000, asleep), '3000-nobody.proxy.test'];
    for (const host of [...hosts, ...hosts.slice(2), ...hosts.slice(2)]) {
      statuses.push((await ask(rig.proxy.port, { host })).status);
    }
    expect(statuses).toEqual([200, 200, 503, 404, 503, 404, 503, 404]);

    const lines = () => rig.logs().filter(({ event }) => event === 'access');
    expect(await eventually(() => lines().length === statuses.length)).toBe(true);
    expect(lines().flatMap(({ cache }) => cache ?? [])).toEqual(['miss', 'hit']);
    const { body } = await ask(rig.proxy.port, { host: 'localhost', path: '/stats' });
    expect(JSON.parse(body)).toMatchObject({ hits: 1, misses: 1, stale: 0 });
    const stream = await statsEvents(rig.proxy.port);
    expect((await stream.next())?.texts).toMatchObject({ hitsHour: '1', missesHour: '1' });
    stream.close();
    const metrics = await ask(rig.proxy.port, { host: 'localhost', path: '/metrics' });
    const count = (answer: string) =>
      sumOf(metrics.body, 'daytona_proxy_cache_answers_total', { answer });
    expect(['hit', 'miss', 'stale'].map(count)).toEqual([1, 1, 0]);
  },
);
