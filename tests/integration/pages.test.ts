import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type Ask, ask, codeOf } from '../support/client.ts';
import { textOf } from '../support/pages/html.ts';
import { domain, type Rig, type RigOptions, startRig } from '../support/rig.ts';

const person = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
let rig: Rig;
const start = async (env: Record<string, string> = {}, options: RigOptions = {}) => {
  rig = await startRig({ app: (_req, res) => void res.end('the app'), env, ...options });
};
const get = (host: string, headers: Record<string, string> = person, path = '/') =>
  ask(rig.proxy.port, { host, path, headers });
afterEach(() => rig.close());

describe('the front page', () => {
  test('tells a person on the bare domain how an address is written, and names no sandbox', async () => {
    await start();
    await get(rig.host());
    const { status, headers, body } = await get(`${domain}:3002`);
    expect([status, headers['x-proxy-error'], headers['cache-control']]).toEqual([
      200,
      undefined,
      'no-store',
    ]);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(textOf(body)).toContain(`{port}-{sandbox}.${domain}:3002`);
    expect(body).not.toContain(rig.sandbox.id);
    expect(body).not.toContain(rig.sandbox.name);
  });

  test('writes it as it is read here', async () => {
    await start({ HOST_FORMAT: 'id-first' });
    const text = textOf((await get(domain)).body);
    expect(text).toContain(`{sandbox}-{port}.${domain}`);
    expect(text).not.toContain('{port}-');
  });

  test.each<[string, string, Partial<Ask>]>([
    ['a program', domain, { headers: { accept: '*/*' } }],
    ['what a page loads', domain, { headers: { ...person, 'sec-fetch-dest': 'image' } }],
    ['a form', domain, { method: 'POST', headers: person }],
    ['another path', domain, { path: '/x', headers: person }],
    ['a mistyped host', `0-abc.${domain}`, { headers: person }],
    ['a foreign host', '3000-abc.evil.test', { headers: person }],
  ])('is not for %s: that gets the 400 it always got', async (_who, host, what) => {
    await start();
    const answer = await ask(rig.proxy.port, { ...what, host });
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([400, 'INVALID_HOST']);
  });

  test('without a domain says so on any host but one that was meant to be a sandbox’s', async () => {
    await start({ PROXY_DOMAIN: '' });
    const statuses = ['127.0.0.1:3002', '[::1]', 'localhost', 'proxy.test', '0-abc.proxy.test'];
    const found = await Promise.all(statuses.map((host) => get(host)));
    expect(found.map(({ status }) => status)).toEqual([200, 200, 200, 200, 400]);
    expect(textOf(found[3]?.body ?? '')).toContain('{port}-{sandbox}.example.com');
    expect(textOf(found[2]?.body ?? '')).toContain('{port}-{sandbox}.localhost');
  });

  test.each(['localhost:3002', '127.0.0.1:3002', 'b.test:3002'])(
    'tells at %s an address that is one here, port and all',
    async (host) => {
      await start({ PROXY_DOMAIN: 'proxy.localhost,b.test' });
      const own = host.startsWith('b.') ? 'b.test' : 'proxy.localhost';
      const text = textOf((await get(host)).body);
      expect(text).toContain(`{port}-{sandbox}.${own}:3002`);
      const [example = ''] = /3000-my-sandbox[^ ]+:3002/.exec(text) ?? [];
      expect(codeOf(await get(example, {}))).toBe('SANDBOX_NOT_FOUND');
    },
  );

  test('is not there in the place of Daytona’s own proxy', async () => {
    await start({}, { platform: true });
    const answer = await get(domain);
    expect([answer.status, answer.headers['x-proxy-error']]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('the policy of a page', () => {
  const pages = async () => [
    await get(domain),
    await get(rig.host(2280)),
    await get(rig.host(9999)),
  ];

  test.each([
    ['without a brand', {}, undefined],
    [
      'with one',
      { BRAND_NAME: 'Ours', BRAND_LOGO_URL: 'https://cdn.test/l.svg', BRAND_COLOR: '#123456' },
      'https://cdn.test',
    ],
  ])('%s lets in our style by its hash, and nothing that is unsafe', async (_how, env, source) => {
    await start(env);
    for (const { headers, body } of await pages()) {
      const policy = String(headers['content-security-policy']);
      const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(body) ?? [];
      const hash = createHash('sha256').update(style).digest('base64');
      expect(policy).toMatch(/^default-src 'none';/);
      expect(policy).toContain(`;style-src 'sha256-${hash}';`);
      expect(policy).not.toMatch(/unsafe|\*|script-src/);
      expect(/img-src ([^;]+)/.exec(policy)?.[1]).toBe(source);
      expect(body.includes('Ours')).toBe(source !== undefined);
    }
  });
});

describe('the page of a port where nothing listens', () => {
  const both = async () => {
    rig.sandbox.ports.set(4096, rig.sandbox.ports.get(3000) ?? 0);
  };
  const silent = async (headers: Record<string, string> = {}) => {
    const { body, headers: answered } = await get(rig.host(9999), { ...person, ...headers });
    expect(answered['x-proxy-error']).toBe('PORT_NOT_LISTENING');
    return [...body.matchAll(/<a href="\/\/([^"]+)\/">/g)].map(([, host]) => host);
  };

  test('names those that have answered, and no longer the one that ends', async () => {
    await start();
    await both();
    expect(await silent()).toEqual([]);
    await get(rig.host());
    await get(rig.host(4096));
    expect(await silent()).toEqual([rig.host(3000), rig.host(4096)]);
    rig.sandbox.ports.delete(4096);
    await get(rig.host(4096));
    expect(await silent()).toEqual([rig.host(3000)]);
  });

  test('says nothing of them to a program', async () => {
    await start();
    await get(rig.host());
    const answer = await get(rig.host(9999), {});
    expect(codeOf(answer)).toBe('PORT_NOT_LISTENING');
    expect(Object.keys(JSON.parse(answer.body).error)).toEqual(['code', 'message', 'requestId']);
  });

  test('names no port at which the visitor would have to show more', async () => {
    const labels = { 'preview.visibility/4096': 'private' };
    await start({}, { sandbox: { labels } });
    await both();
    const token = { 'x-daytona-preview-token': rig.sandbox.token };
    await get(rig.host());
    expect((await get(rig.host(4096), token)).status).toBe(200);
    expect(await silent()).toEqual([rig.host(3000)]);
  });

  test('names them to who has shown what opens the sandbox, and not to who came by a link', async () => {
    const admin = 'the-operator-of-this-very-proxy-1';
    await start({ ACCESS_MODE: 'private', ADMIN_TOKEN: admin });
    const token = { 'x-daytona-preview-token': rig.sandbox.token };
    expect((await get(rig.host(), token)).status).toBe(200);
    expect(await silent(token)).toEqual([rig.host(3000)]);

    const made = await ask(rig.proxy.port, {
      host: domain,
      path: '/shares',
      method: 'POST',
      headers: { authorization: `Bearer ${admin}` },
      body: JSON.stringify({ sandboxId: rig.sandbox.id, port: 9999 }),
    });
    const { search } = new URL(JSON.parse(made.body).url);
    const entered = await get(rig.host(9999), person, `/${search}`);
    const cookie = entered.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
    expect(await silent({ cookie })).toEqual([]);
  });
});
