import { afterEach, expect, test } from '@jest/globals';
import { ask, openWebSocket } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
afterEach(() => rig.close());

/** The access lines, once there are so many. */
async function linesOf(count: number): Promise<Record<string, unknown>[]> {
  const lines = () => rig.logs().filter(({ event }) => event === 'access');
  await eventually(() => lines().length >= count);
  return lines();
}

test('the access line tells where the time went, which cache answered, and by which upstream', async () => {
  const thinking = 300;
  rig = await startRig({
    app: (_req, res) => void setTimeout(() => res.end('12345'), thinking),
  });
  rig.daytona.faults.apiDelayMs = 200;
  await ask(rig.proxy.port, { host: rig.host() });
  await ask(rig.proxy.port, { host: rig.host() });
  const [first, second] = await linesOf(2);
  expect(first).toMatchObject({ status: 200, cache: 'miss', bytesDown: 5 });
  expect(second).toMatchObject({ status: 200, cache: 'hit', bytesDown: 5 });
  expect(String(first?.upstream)).toMatch(/^[\w.-]+:\d+$/);
  for (const line of [first, second]) {
    expect(Number(line?.waitMs)).toBeGreaterThanOrEqual(thinking - 5);
    const names = ['limits', 'access', 'lookup', 'connect', 'wait', 'body'];
    const sum = names.reduce((all, name) => all + Number(line?.[`${name}Ms`] ?? 0), 0);
    expect(Math.abs(sum - Number(line?.durationMs))).toBeLessThan(1.5);
  }
  // The facts are asked for while it is not known who may, the link then or meanwhile.
  const waited = Number(first?.accessMs ?? 0) + Number(first?.lookupMs ?? 0);
  expect(waited).toBeGreaterThanOrEqual(195);
  expect(Number(second?.accessMs ?? 0) + Number(second?.lookupMs ?? 0)).toBeLessThan(100);
});

test('the access line says where Daytona did not answer and the last that was known served', async () => {
  rig = await startRig({
    app: (_req, res) => void res.end(),
    env: { CACHE_TTL: '1000' },
  });
  await ask(rig.proxy.port, { host: rig.host() });
  rig.daytona.faults.apiStatus = 500;
  const stale = async () => {
    await ask(rig.proxy.port, { host: rig.host() });
    return rig.logs().some(({ event, cache }) => event === 'access' && cache === 'stale');
  };
  expect(await eventually(stale)).toBe(true);
});

test('a refusal’s line says what it was refused for, and that it came to no sandbox', async () => {
  rig = await startRig();
  await ask(rig.proxy.port, { host: rig.host(22222) });
  const [line] = await linesOf(1);
  expect(line).toMatchObject({ status: 403, code: 'RESERVED_PORT' });
  expect(line).not.toHaveProperty('upstream');
  expect(line).not.toHaveProperty('cache');
  expect(line).not.toHaveProperty('connectMs');
});

test('an answer that was held back because it looked like a refusal counts once', async () => {
  const body = '{"message":"sandbox container not found"}';
  rig = await startRig({
    app: (_req, res) => {
      const fields = { 'content-type': 'application/json', 'content-length': body.length };
      res.writeHead(404, fields).end(body);
    },
  });
  await ask(rig.proxy.port, { host: rig.host() });
  await openWebSocket(rig.proxy.port, rig.host()).catch(() => {});
  const lines = await linesOf(2);
  for (const line of lines) expect(line).toMatchObject({ status: 404, bytesDown: body.length });
});

test('with LOG_SAMPLE, errors and what operators change have their line, of the rest few do', async () => {
  rig = await startRig({ app: (_req, res) => void res.end(), env: { LOG_SAMPLE: '1000000' } });
  for (let i = 0; i < 8; i++) await ask(rig.proxy.port, { host: rig.host() });
  const headers = { 'x-stats-action': 'forget' };
  await ask(rig.proxy.port, { host: 'localhost', path: '/stats', method: 'DELETE', headers });
  await ask(rig.proxy.port, { host: rig.host(22222) });
  const lines = await linesOf(2);
  expect(lines.map(({ status, path }) => [status, path])).toEqual([
    [204, '/stats'],
    [403, '/'],
  ]);
});
