import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, codeOf, open } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { domain } from '../support/rig.ts';
import { type Sleeper, startSleeper } from '../support/sleeper.ts';

let rig: Sleeper;
afterEach(() => rig.close());

describe('a sandbox that sleeps', () => {
  test.each(['stopped', 'archived', 'paused'])(
    '%s is started by a write, which is held',
    async (state) => {
      rig = await startSleeper({}, { state });
      rig.daytona.faults.startMs = 300;
      const answer = await rig.request({ path: '/save?x' });
      expect([answer.status, answer.body]).toEqual([200, 'POST /save?x']);
      expect(rig.starts()).toBe(1);
    },
  );

  test('is started once for all who wait', async () => {
    rig = await startSleeper();
    rig.daytona.faults.startMs = 300;
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.request()));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(rig.starts()).toBe(1);
  });

  test('shows a person a live page at once, and tells it each state until the app answers', async () => {
    rig = await startSleeper();
    rig.daytona.faults.startMs = 1_500;
    const answer = await rig.visit({ path: '/docs?a=1' });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([503, 'SANDBOX_STARTING']);
    expect(answer.body).toContain('Your sandbox is starting');
    expect(answer.headers['content-security-policy']).toMatch(
      /script-src 'sha256-.*connect-src 'self'/,
    );
    const stream = await ask(rig.proxy.port, {
      host: rig.host(),
      path: '/docs?a=1&DAYTONA_PROXY_WAKE=1',
      headers: { accept: 'text/event-stream' },
    });
    expect(stream.headers['content-type']).toMatch(/^text\/event-stream/);
    const events = stream.body.match(/(?<=^event: ).*\ndata: .*$/gm);
    expect(events?.slice(-4)).toEqual([
      'state\ndata: starting',
      'state\ndata: started',
      'state\ndata: waiting for the port',
      'ready\ndata: ',
    ]);
    expect((await rig.visit({ path: '/docs?a=1' })).body).toBe('GET /docs?a=1');
    expect(rig.starts()).toBe(1);
  });

  test('is started by a write although somebody waits already who may not start it', async () => {
    rig = await startSleeper({}, { state: 'stopping' });
    const reader = rig.request({ method: 'GET', body: '' });
    await rig.daytona.called(2);
    const writer = rig.request();
    await rig.daytona.called(4);
    rig.sandbox.state = 'stopped';
    expect([(await writer).status, (await reader).status]).toEqual([200, 200]);
  });

  test('has no place of another one’s, however many of its ports are asked for', async () => {
    rig = await startSleeper({ WAKE_MAX: '2' });
    rig.daytona.faults.startMs = 300;
    const other = rig.daytona.sandboxes.create({ state: 'stopped' });
    other.ports.set(3000, rig.sandbox.ports.get(3000) ?? 0);
    const headers = { 'x-proxy-wait': '0' };
    for (let port = 4000; port < 4020; port++) await rig.request({ host: rig.host(port), headers });
    expect((await rig.request({ host: rig.host(3000, other) })).status).toBe(200);
  });

  test('answers a program at once that does not want to wait', async () => {
    rig = await startSleeper();
    rig.daytona.faults.startMs = 500;
    const impatient = await rig.request({ headers: { 'x-proxy-wait': '0' } });
    expect([impatient.status, codeOf(impatient), impatient.headers['retry-after']]).toEqual([
      503,
      'SANDBOX_STARTING',
      '3',
    ]);
    expect(await eventually(() => rig.starts() === 1)).toBe(true); // By what the impatient one asked.
    expect((await rig.request()).status).toBe(200);
    expect(rig.starts()).toBe(1);
  });

  test('answers 503 to a program that has waited for WAKE_HOLD_MS', async () => {
    rig = await startSleeper({ WAKE_HOLD_MS: '100' });
    rig.daytona.faults.startMs = 60_000;
    const answer = await rig.request();
    expect([answer.status, codeOf(answer)]).toEqual([503, 'SANDBOX_STARTING']);
    expect(answer.headers['retry-after']).toBeDefined();
  });

  test('is started once for all who wait, by its id and by its name', async () => {
    rig = await startSleeper({}, { name: 'shop' });
    rig.daytona.faults.apiDelayMs = 100; // Both hear that it is stopped before either has started it.
    const hosts = [rig.host(), `3000-shop.${domain}`, rig.host(), `3000-shop.${domain}`];
    const answers = await Promise.all(hosts.map((host) => rig.request({ host })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(rig.starts()).toBe(1);
  });

  test('is not asked for again by its id when Daytona did not want to start it by its name', async () => {
    rig = await startSleeper({}, { name: 'shop' });
    rig.daytona.faults.startStatus = 403;
    for (const host of [`3000-shop.${domain}`, rig.host()]) {
      expect(codeOf(await rig.request({ host }))).toBe('START_REFUSED');
    }
    expect(rig.starts()).toBe(1);
  });

  test('says why Daytona does not start it', async () => {
    rig = await startSleeper();
    rig.daytona.faults.startStatus = 403;
    const answer = await rig.request();
    expect([answer.status, codeOf(answer)]).toEqual([503, 'START_REFUSED']);
  });

  test('that somebody else is starting is waited for by every program', async () => {
    rig = await startSleeper({}, { state: 'starting' });
    const answer = rig.request({ method: 'GET', body: '' });
    await rig.daytona.called(2);
    rig.sandbox.state = 'started';
    expect((await answer).status).toBe(200);
    expect(rig.starts()).toBe(0);
  });

  test('counts against a bound for all', async () => {
    rig = await startSleeper({ WAKE_MAX: '1' });
    rig.daytona.faults.startMs = 60_000;
    const other = rig.daytona.sandboxes.create({ state: 'stopped' });
    await rig.request({ headers: { 'x-proxy-wait': '0' } });
    const answer = await rig.request({ host: rig.host(3000, other) });
    expect([answer.status, codeOf(answer)]).toEqual([503, 'TOO_MANY_STARTS']);
  });

  test('is noticed at the edge, and started with the very request that found out', async () => {
    rig = await startSleeper({}, { state: 'started' });
    expect((await rig.request()).status).toBe(200);
    rig.sandbox.state = 'stopped';
    expect((await rig.request({ body: 'kept' })).status).toBe(200);
    expect(rig.starts()).toBe(1);
  });

  test('does not hold a client that has left', async () => {
    rig = await startSleeper();
    rig.daytona.faults.startMs = 60_000;
    const answer = open(rig.proxy.port, { host: rig.host(), method: 'POST' }).catch(() => 'left');
    expect(await eventually(() => rig.starts() === 1)).toBe(true);
    rig.proxy.openWork.destroyAll();
    expect(await answer).toBe('left');
    expect(await eventually(() => rig.proxy.openWork.counts().openRequests === 0)).toBe(true);
  });
});
