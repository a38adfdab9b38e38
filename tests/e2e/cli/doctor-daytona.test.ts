import http from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Caller, makeCaller } from '../../support/command.ts';
import { type Examined, examine, settingsOf } from '../../support/doctor.ts';
import { closeServer, domain, listen, type Rig, startRig } from '../../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

let rig: Rig;
let caller: Caller;
let api: http.Server | undefined;

beforeAll(async () => {
  rig = await startRig();
  caller = makeCaller(settingsOf(rig, domain));
});
afterAll(async () => {
  caller.remove();
  await rig.close();
});
afterEach(async () => {
  rig.daytona.faults.reset();
  if (api) await closeServer(api);
  api = undefined;
});

const look = (env: Record<string, string> = {}): Promise<Examined> => {
  const { port } = rig.proxy;
  const url = `http://${domain}:${port}`;
  return examine(caller, ['--url', url, '--resolve', `*:${port}:127.0.0.1`], env);
};

/** Puts a server in front of the API, which answers some calls itself. */
async function apiThat(answer: (req: http.IncomingMessage, res: http.ServerResponse) => unknown) {
  const { origin } = new URL(rig.daytona.apiUrl);
  api = http.createServer((req, res) => {
    answer(req, res);
    if (res.writableEnded) return;
    const { method, headers } = req;
    http.get(origin + req.url, { method, headers }, (found) => {
      const { date: _date, ...rest } = found.headers;
      res.writeHead(found.statusCode ?? 0, rest);
      found.pipe(res);
    });
  });
  return { DAYTONA_API_URL: `http://127.0.0.1:${await listen(api)}/api` };
}
const json = (res: http.ServerResponse, status: number, body: unknown) =>
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('Daytona', () => {
  const nowhere = { DAYTONA_API_URL: 'http://127.0.0.1:1/api' };

  test('an API that cannot be reached is named, and the clock is not judged by it', async () => {
    const { wrong, of } = await look(nowhere);
    expect(wrong).toEqual(['api']);
    expect(of('api').detail).toMatch(/127\.0\.0\.1:1\/api cannot be reached/);
    expect(of('api').fix.join('\n')).toContain('DAYTONA_API_URL=');
    expect([of('rights').result, of('clock').result]).toEqual(['skipped', 'skipped']);
  });

  test('a page in its place is named', async () => {
    const env = await apiThat((_req, res) => res.end('<!doctype html>The dashboard'));
    const { wrong, of } = await look(env);
    expect(wrong).toEqual(['api']);
    expect(of('api').detail).toContain('is no Daytona API');
  });

  test('a fault of its own is named', async () => {
    rig.daytona.faults.apiStatus = 503;
    expect((await look()).of('api').detail).toContain('answers 503');
  });

  test('a key that is refused is named, and not shown', async () => {
    const found = await look({ DAYTONA_API_KEY: 'dtn_wrong' });
    expect(found.wrong).toEqual(['rights']);
    expect(found.of('rights').detail).toContain('refuses DAYTONA_API_KEY');
    expect(JSON.stringify(found)).not.toContain('dtn_wrong');
  });

  test.each([
    [/^\/api\/sandbox\?/, 403, {}, 'may not list sandboxes'],
    [/preview-url$/, 403, {}, 'gets no preview links (403)'],
    [/current$/, 200, { permissions: ['write:snapshots'] }, 'lacks write:sandboxes'],
    [
      /current$/,
      200,
      { permissions: ['write:sandboxes'], expiresAt: new Date(Date.now() + 1e8).toISOString() },
      'ends soon: 1 days left',
    ],
  ])('a right that is missing is named (%s: %s %j)', async (path, status, body, words) => {
    const env = await apiThat((req, res) => path.test(req.url ?? '') && json(res, status, body));
    const { wrong, of } = await look(env);
    expect(wrong).toEqual(['rights']);
    expect(of('rights').detail).toContain(words);
    expect(of('rights').fix.join('\n')).toContain('Create Key');
  });

  test('in platform mode the platform’s key is what counts', async () => {
    const platform = { MODE: 'platform', DAYTONA_API_KEY: '' };
    const good = await look({ ...platform, PROXY_API_KEY: rig.daytona.proxyKey });
    expect(good.of('rights')).toMatchObject({
      result: 'ok',
      detail: 'the API takes PROXY_API_KEY',
    });
    const bad = await look({ ...platform, PROXY_API_KEY: 'wrong' });
    expect(bad.of('rights').detail).toContain('refuses PROXY_API_KEY');
  });
});

test.each([
  [60_000, 'behind'],
  [-60_000, 'ahead of'],
])('a clock that differs by %i ms is named', async (skew, words) => {
  const date = () => new Date(Date.now() + skew).toUTCString();
  const env = await apiThat((_req, res) => res.setHeader('Date', date()));
  const { wrong, of } = await look(env);
  expect(wrong).toEqual(['clock']);
  expect(of('clock').detail).toMatch(
    new RegExp(`^this machine is (?:59|60|61) s ${words} the API`),
  );
});
