import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask } from '../../support/client.ts';
import { type Rig, startRig } from '../../support/rig.ts';

let rig: Rig;
let seen: IncomingMessage | undefined;

beforeAll(async () => {
  rig = await startRig({
    platform: true,
    sandbox: { public: true },
    app: (req, res) => {
      seen = req;
      res.setHeader('Access-Control-Allow-Origin', 'https://the-apps-own.example').end('the app');
    },
  });
});
afterAll(() => rig.close());

const origin = 'https://elsewhere.example';
const get = (headers: Record<string, string>, method = 'GET') =>
  ask(rig.proxy.port, { host: rig.host(), headers: { origin, ...headers }, method });

describe('without a setting, as in Daytona’s own proxy,', () => {
  test('any origin is reflected, with credentials, in the place of what the app says', async () => {
    const { rawHeaders } = await get({});
    const values = rawHeaders.filter((_, i) => /^access-control-/i.test(rawHeaders[i - 1] ?? ''));
    expect(values).toEqual([origin, 'true']);
  });

  test('a preflight is answered for the app, for all the fields that it asks for', async () => {
    seen = undefined;
    const { status, headers } = await get(
      {
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'x-one, x-two',
      },
      'OPTIONS',
    );
    expect(status).toBe(204);
    expect(headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-one, x-two',
    });
    expect(seen).toBeUndefined();
  });

  test('X-Daytona-Disable-CORS leaves it to the app, which does not see the field', async () => {
    const { headers } = await get({ 'x-daytona-disable-cors': 'true' });
    expect(headers['access-control-allow-origin']).toBe('https://the-apps-own.example');
    expect(seen?.headers).not.toHaveProperty('x-daytona-disable-cors');
  });

  test('another origin reads nothing by a visitor’s session', async () => {
    const private_ = rig.daytona.sandboxes.create();
    const host = rig.host(3000, private_);
    const page = {
      accept: 'text/html',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    const path = `/?DAYTONA_SANDBOX_AUTH_KEY=${private_.token}`;
    const login = await ask(rig.proxy.port, { host, path, headers: page });
    const cookie = String(login.headers['set-cookie']?.[0]).split(';')[0] ?? '';
    const answer = await ask(rig.proxy.port, { host, headers: { cookie, origin } });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([403, 'CROSS_SITE']);
  });
});
