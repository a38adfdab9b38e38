import { afterEach, expect, test } from '@jest/globals';
import { type Answer, ask } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
const start = async (env: Record<string, string>) => {
  rig = await startRig({
    app: (_req, res) => {
      res.setHeader('Access-Control-Allow-Origin', 'https://of-the.app');
      res.setHeader('Access-Control-Expose-Headers', 'x');
      res.end('ok');
    },
    env,
  });
};
afterEach(() => rig.close());

const origin = 'https://a.test';
const get = (headers = {}, method = 'GET') =>
  ask(rig.proxy.port, { host: rig.host(), method, headers: { origin, ...headers } });
const cors = ({ rawHeaders }: Answer) =>
  rawHeaders.filter((_value, i) => /^access-control-/i.test(rawHeaders[i - (i % 2)] ?? ''));
const preflight = {
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'x-a, x-b, bad header',
};

test('by default the app decides, also on preflights', async () => {
  await start({});
  const own = [
    'Access-Control-Allow-Origin',
    'https://of-the.app',
    'Access-Control-Expose-Headers',
    'x',
  ];
  expect(cors(await get())).toEqual(own);
  expect(cors(await get(preflight, 'OPTIONS'))).toEqual(own);
});

test('reflect lets every origin in with credentials, and nobody else has a say', async () => {
  await start({ CORS_MODE: 'reflect' });
  const allowed = [
    'Access-Control-Allow-Origin',
    origin,
    'Access-Control-Allow-Credentials',
    'true',
  ];
  const answer = await get();
  expect(cors(answer)).toEqual(allowed);
  expect(answer.headers.vary).toBe('Origin');
  const asked = await get(preflight, 'OPTIONS');
  expect(asked.status).toBe(204);
  expect(cors(asked)).toEqual([
    ...allowed,
    'Access-Control-Max-Age',
    '600',
    'Access-Control-Allow-Methods',
    'PUT',
    'Access-Control-Allow-Headers',
    'x-a, x-b',
  ]);
});

test('a request may switch ours off for itself', async () => {
  await start({ CORS_MODE: 'reflect' });
  const answer = await get({ 'x-daytona-disable-cors': 'true' });
  expect(answer.headers['access-control-allow-origin']).toBe('https://of-the.app');
});

test('list lets in who is listed', async () => {
  await start({ CORS_MODE: 'list', CORS_ORIGINS: 'https://a.test,https://b.test' });
  expect((await get()).headers['access-control-allow-origin']).toBe(origin);
  expect(cors(await get({ origin: 'https://c.test' }))).toEqual([]);
  expect(cors(await get({ origin: 'null' }))).toEqual([]);
});

test('a preflight is answered without a credential, an error can be read', async () => {
  await start({ ACCESS_MODE: 'private', CORS_MODE: 'list', CORS_ORIGINS: origin });
  expect((await get(preflight, 'OPTIONS')).status).toBe(204);
  const refused = await get();
  expect(refused.status).toBe(401);
  expect(refused.headers['access-control-allow-origin']).toBe(origin);
});
