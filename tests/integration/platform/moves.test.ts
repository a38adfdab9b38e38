import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Runner } from '../../../src/demo/runner.ts';
import { ask } from '../../support/client.ts';
import { type Rig, startRig } from '../../support/rig.ts';

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

describe.each([
  ['with an organization’s key', true],
  ['with the platform’s key for its proxy alone', false],
])('%s', (_name, organizationKey) => {
  let rig: Rig;
  let first: Runner;
  let served: string[];

  beforeEach(async () => {
    served = [];
    rig = await startRig({
      platform: true,
      organizationKey,
      sandbox: { public: true },
      app: async (req, res) => {
        let body = '';
        for await (const chunk of req) body += chunk;
        served.push(`${req.method} ${body}`);
        res.end('the app');
      },
    });
    [first] = rig.daytona.runners.all as [Runner];
  });
  afterEach(() => rig.close());

  const get = (what: Partial<Parameters<typeof ask>[1]> = {}) =>
    ask(rig.proxy.port, { host: rig.host(), ...what });
  const lookups = () => rig.daytona.callsOf('GET', /^\/runners\/by-sandbox\//).length;

  test('one runner is looked up for all ports of a sandbox', async () => {
    expect((await get()).body).toBe('the app');
    await get({ host: rig.host(3001) });
    await get();
    expect(lookups()).toBe(1);
  });

  test('a sandbox that has moved is found before its visitor notices, with what he sends', async () => {
    await get();
    rig.sandbox.runner = rig.daytona.runners.all.indexOf(await rig.daytona.runners.add());
    const bodies = Array.from({ length: 10 }, (_, i) => `body ${i}`);
    const answers = await Promise.all(bodies.map((body) => get({ method: 'POST', body })));
    expect(answers.map(({ status }) => status)).toEqual(bodies.map(() => 200));
    expect(served.slice(1).sort()).toEqual(bodies.map((body) => `POST ${body}`));
    // Whoever comes second asks at the same time, and not for each request.
    expect(lookups()).toBeLessThanOrEqual(organizationKey ? 2 : 3);
    rig.sandbox.runner = 0; // And back again, at once.
    expect((await get({ method: 'POST', body: 'x' })).body).toBe('the app');
  });

  test('a runner that has gone is asked no more', async () => {
    await get();
    rig.sandbox.runner = rig.daytona.runners.all.indexOf(await rig.daytona.runners.add());
    await first.stop();
    expect((await get({ method: 'POST', body: 'x' })).body).toBe('the app');
    expect(served).toEqual(['GET ', 'POST x']);
  });

  test('a runner with another key is asked by that', async () => {
    await get();
    first.renewKey();
    expect((await get({ method: 'POST', body: 'x' })).body).toBe('the app');
  });

  test('a runner that nobody can reach is said to be so, by nothing of Daytona’s', async () => {
    await first.stop();
    const { status, headers, body } = await get();
    expect([status, headers['x-proxy-error']]).toEqual([502, 'UPSTREAM_UNREACHABLE']);
    expect(body).not.toMatch(/127\.0\.0\.1|sandboxes/);
  });

  test.each(['stopped', 'archived'])(
    'a sandbox that is %s has a page, and no raw JSON',
    async (state) => {
      await get();
      rig.daytona.faults.startStatus = 403; // Whoever may start it does not want to.
      rig.sandbox.state = state;
      const { status, headers, body } = await get({ headers: page });
      expect(status).toBe(503);
      expect(headers['content-type']).toBe('text/html; charset=utf-8');
      expect(headers['x-proxy-error']).toMatch(/^(?:SANDBOX_NOT_RUNNING|SANDBOX_STARTING)$/);
      expect(body).not.toMatch(/IP address|runner/);
    },
  );

  test('nothing on a port is said so', async () => {
    const { status, headers } = await get({ host: rig.host(9) });
    expect([status, headers['x-proxy-error']]).toEqual([502, 'PORT_NOT_LISTENING']);
  });

  test.each(['stopped', 'archived'])(
    'a write wakes one that is %s, with the key for it',
    async (state) => {
      rig.sandbox.state = state;
      const { status } = await get({ method: 'POST', body: 'x' });
      const starts = rig.daytona.callsOf('POST', /\/start$/).length;
      expect([status, starts]).toEqual(organizationKey ? [200, 1] : [503, 0]);
    },
  );

  test('another organization’s sandbox is served as well, and not woken', async () => {
    const public_ = { public: true, foreign: true, ports: rig.sandbox.ports };
    const other = rig.daytona.sandboxes.create(public_);
    const host = rig.host(3000, other);
    expect((await get({ host })).body).toBe('the app');
    other.state = 'stopped';
    const { status, headers } = await get({ host, headers: page });
    expect([status, headers['x-proxy-error']]).toEqual(
      organizationKey ? [503, 'SANDBOX_STARTING'] : [503, 'SANDBOX_NOT_RUNNING'],
    );
    expect((await get({ host, method: 'POST', body: 'x' })).headers['x-proxy-error']).toBe(
      'SANDBOX_NOT_RUNNING',
    );
    expect(rig.daytona.callsOf('POST', /\/start$/)).toEqual([]);
  });

  test('an app’s own answers pass, whatever they look like', async () => {
    rig.app.removeAllListeners('request');
    const body = JSON.stringify({ statusCode: 404, message: 'sandbox container not found' });
    rig.app.on('request', (_req, res) => {
      res.writeHead(404, { 'content-type': 'application/json', 'content-length': body.length });
      res.end(body);
    });
    for (let i = 0; i < 3; i++) expect(await get()).toMatchObject({ status: 404, body });
  });
});
