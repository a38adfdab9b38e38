import { once } from 'node:events';
import http from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type Ask, ask, codeOf, refusedUpgrade } from '../../support/client.ts';
import { domain, type Rig, startRig } from '../../support/rig.ts';

interface Seen {
  readonly line: string;
  readonly fields: Record<string, string>;
  readonly body: string;
}
let seen: Seen[] = [];
/** `/{status}/{location}` redirects, `~` is a slash there; everything else says what it was asked. */
const app: Parameters<typeof startRig>[0] = {
  app: async (req, res) => {
    if (req.url === '/early') return void res.writeHead(303, { location: '/end' }).end();
    let body = '';
    for await (const chunk of req) body += chunk;
    const url = req.url ?? '';
    seen.push({ line: `${req.method} ${url}`, fields: { ...req.headers } as never, body });
    const [, status, location] = /^\/(30\d)\/(.*)$/.exec(url) ?? [];
    if (status === undefined) return void res.end(`the app at ${url}`);
    res.writeHead(Number(status), {
      location: decodeURIComponent(location ?? '').replace('~', '/'),
      'set-cookie': 'hop=1',
    });
    res.end('moved'.repeat(20_000));
  },
  sandbox: { id: 'one', public: true },
};
const to = (status: number, location: string) => `/${status}/${encodeURIComponent(location)}`;
beforeEach(() => {
  seen = [];
});

describe('FOLLOW_REDIRECTS=3', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig({ ...app, platform: true, env: { FOLLOW_REDIRECTS: '3' } });
    rig.app.on('upgrade', (_req, socket) => {
      socket.end('HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n');
    });
  });
  afterAll(() => rig?.close());
  const onRunner = () => {
    const host = new URL(rig.daytona.runners.all[0]?.proxyUrl ?? '').host;
    return `${host}/sandboxes/${rig.sandbox.id}/toolbox/proxy/3000`;
  };
  const send = (path: string, what: Partial<Ask> = {}) =>
    ask(rig.proxy.port, { host: rig.host(), path, ...what });

  test('the visitor gets what is at the end, and nothing of what was on the way', async () => {
    const answer = await send(to(301, to(302, '/end?x#y')));
    expect([answer.status, answer.body]).toEqual([200, 'the app at /end?x']);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(seen.map(({ line }) => line).at(-1)).toBe('GET /end?x');
    expect(seen).toHaveLength(3);
  });

  test('all fields but the cookie go on', async () => {
    const headers = { cookie: 'a=b', accept: 'text/css', 'x-own': '1', authorization: 'Basic abc' };
    await send(to(302, '/end'), { headers });
    const [first, second] = seen.map(({ fields }) => fields);
    expect(first?.cookie).toBe('a=b');
    const { cookie: _eaten, ...rest } = first ?? {};
    expect(second).toEqual(rest);
  });

  test('a form becomes a GET without its body', async () => {
    const headers = { 'content-type': 'text/plain' };
    const answer = await send(to(303, '/end'), { method: 'POST', body: 'form', headers });
    expect(answer.body).toBe('the app at /end');
    expect(seen.map(({ line, body }) => [line, body])).toEqual([
      [`POST ${to(303, '/end')}`, 'form'],
      ['GET /end', ''],
    ]);
    expect(seen[1]?.fields).not.toHaveProperty('content-length');
    expect(seen[1]?.fields).not.toHaveProperty('content-type');
  });

  test('that GET does not wait for what the visitor has yet to send of the form', async () => {
    const { port } = rig.proxy;
    const headers = { host: rig.host(), 'content-length': '8' };
    const req = http.request({ port, path: '/early', method: 'POST', headers, agent: false });
    req.on('error', () => {});
    req.write('half');
    const [res] = await once(req, 'response');
    req.destroy();
    expect(res.statusCode).toBe(200);
    expect(seen.map(({ line, body }) => [line, body])).toEqual([['GET /end', '']]);
  });

  test('a body goes on with its method where the sandbox says so', async () => {
    const answer = await send(to(307, '/end'), { method: 'PUT', body: 'x'.repeat(100_000) });
    expect(answer.body).toBe('the app at /end');
    expect(seen.map(({ line, body }) => [line.slice(0, 4), body.length])).toEqual([
      ['PUT ', 100_000],
      ['PUT ', 100_000],
    ]);
  });

  test('a body that is too large to be kept is the visitor’s to send again', async () => {
    const answer = await send(to(307, '/end'), { method: 'PUT', body: 'x'.repeat(400_000) });
    expect([answer.status, answer.headers.location]).toEqual([307, '/end']);
    expect(answer.headers['set-cookie']).toEqual(['hop=1']);
    expect(seen).toHaveLength(1);
  });

  test('HEAD stays HEAD', async () => {
    expect((await send(to(303, '/end'), { method: 'HEAD' })).status).toBe(200);
    expect(seen.at(-1)?.line).toBe('HEAD /end');
  });

  test('another host is never followed', async () => {
    for (const location of ['http://evil.test/', '//evil.test/', `http://3000-two.${domain}/`]) {
      const answer = await send(to(302, location));
      expect([answer.status, answer.headers.location]).toEqual([302, location]);
    }
    expect(seen).toHaveLength(3);
  });

  test('by its own host, the runner’s or localhost it is the same sandbox', async () => {
    for (const own of [rig.host(), onRunner(), 'localhost:3000']) {
      expect((await send(to(302, `http://${own}/end`))).body).toBe('the app at /end');
    }
  });

  test('a circle, and one redirect too many, end in 502', async () => {
    const circle = await send(to(302, './x')); // That is /302/x, which leads to itself.
    expect([circle.status, codeOf(circle)]).toEqual([502, 'TOO_MANY_REDIRECTS']);
    seen = [];
    const nested = (depth: number): string => (depth === 0 ? '/end' : to(302, nested(depth - 1)));
    expect((await send(nested(3))).body).toBe('the app at /end');
    const more = await send(nested(4));
    expect([more.status, codeOf(more)]).toEqual([502, 'TOO_MANY_REDIRECTS']);
    expect(seen).toHaveLength(8);
  });

  test('a WebSocket is not followed', async () => {
    const answer = await refusedUpgrade(rig.proxy.port, rig.host());
    expect([answer.status, answer.headers.location]).toEqual([302, '/x']);
  });

  test('it leads nobody out of what his link allows', async () => {
    const made = await ask(rig.proxy.port, {
      host: domain,
      path: '/shares',
      method: 'POST',
      headers: { authorization: `Bearer ${rig.daytona.apiKey}` },
      body: JSON.stringify({
        sandboxId: rig.daytona.sandboxes.create({ id: 'two', ports: rig.sandbox.ports }).id,
        port: 3000,
        pathPrefix: '/302',
      }),
    });
    const { host, search } = new URL(JSON.parse(made.body).url);
    const answer = await ask(rig.proxy.port, { host, path: `/302/~end${search}` });
    expect([answer.status, answer.headers.location]).toEqual([302, '/end']);
    expect(seen.map(({ line }) => line)).toEqual(['GET /302/~end']);
  });

  test('the log names what the visitor asked for', async () => {
    await send(to(302, '/end'), { headers: { 'x-request-id': 'q' } });
    const paths = rig.logs().filter(({ event }) => event === 'proxy.request');
    expect(paths.at(-1)?.path).toBe(to(302, '/end'));
  });
});

describe.each<[string, () => Promise<Rig>]>([
  ['by default', () => startRig({ ...app, platform: true })],
  ['in preview mode', () => startRig({ ...app, env: { FOLLOW_REDIRECTS: '3' } })],
])('%s', (_how, start) => {
  test('redirects are the visitor’s', async () => {
    const rig = await start();
    try {
      const answer = await ask(rig.proxy.port, { host: rig.host(), path: to(302, '/end') });
      expect([answer.status, answer.headers.location]).toEqual([302, '/end']);
    } finally {
      await rig.close();
    }
  });
});
