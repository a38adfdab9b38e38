/**
 * Attacker: whoever can read or write the Redis that several proxies share. Step: reads all that
 * goes there; writes entries of his own, alters ours or copies one over another. Gain: a token, an
 * address or a session; a door that opens, or what was ended alive again. Defence: everything is
 * sealed by a key that Redis never sees, under its own name; what does not open is not there.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Seals } from '../../src/seals.ts';
import { fingerprint } from '../../src/secrets.ts';
import { Envelopes } from '../../src/store/envelope.ts';
import { describeWith } from '../support/binary.ts';
import { ask } from '../support/client.ts';
import { CookieJar } from '../support/cookieJar.ts';
import { eventually } from '../support/eventually.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identityProvider.ts';
import { logInAs } from '../support/logIn.ts';
import { type Inspector, type Redis, startRedis } from '../support/redis.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const secret = 'the-cookie-secret-of-this-very-test-1';
const adminToken = 'the-operator-of-this-very-test-here-1';
const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
const admin = { authorization: `Bearer ${adminToken}` };

describeWith('redis-server', 'the Redis that proxies share', () => {
  let redis: Redis;
  let inspector: Inspector;
  let rigs: Rig[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.close());
  beforeEach(async () => {
    inspector ??= await redis.connect();
    await inspector.flushAll();
  });
  afterEach(async () => {
    for (const rig of rigs.reverse()) await rig.close();
    rigs = [];
  });

  const start = async (more: Record<string, string> = {}) => {
    const env = {
      REDIS_URL: redis.url,
      COOKIE_SECRET: secret,
      ACCESS_MODE: 'private',
      ADMIN_TOKEN: adminToken,
      AUTH_FAILURES_MAX: '0',
      ...more,
    };
    const [first] = rigs;
    const rig = await startRig({
      app: (_req, res) => void res.end('app'),
      env,
      sandbox: { id },
      ...(first && { beside: first }),
    });
    rigs.push(rig);
    return rig;
  };
  const get = (rig: Rig, bearer: string) =>
    ask(rig.proxy.port, { host: rig.host(), headers: { authorization: `Bearer ${bearer}` } });
  const makeShare = async (rig: Rig) => {
    const body = JSON.stringify({ sandboxId: id, port: 3000 });
    const what = { host: domain, path: '/shares', method: 'POST', headers: admin, body };
    return JSON.parse((await ask(rig.proxy.port, what)).body) as { url: string; id: string };
  };
  const visitShare = (rig: Rig, url: string) =>
    ask(rig.proxy.port, { host: rig.host(), path: `/${new URL(url).search}` });
  /** A request that is under way when its link is ended has no answer. */
  const refuses = (rig: Rig, url: string) =>
    visitShare(rig, url).then(
      ({ status }) => status === 401,
      () => false,
    );
  const endShare = (rig: Rig, shareId: string) =>
    ask(rig.proxy.port, {
      host: domain,
      path: `/shares/${shareId}`,
      method: 'DELETE',
      headers: admin,
    });
  const asked = (rig: Rig) =>
    rig.daytona.calls.filter(({ path }) => path.endsWith('/access')).length;
  const nameOf = (bearer: string) =>
    new Envelopes(new Seals([secret]), 'daytona-proxy:').nameOf(
      `bearer:${fingerprint(id, bearer)}`,
    );
  const keyOf = (bearer: string) => `bearer:${fingerprint(id, bearer)}`;

  describe('entries that are not ours', () => {
    const verdict = () => ({ found: true, until: Date.now() + 60_000 });
    const sealed = (by: string, key: string, value: unknown, ms = 60_000) =>
      new Envelopes(new Seals([by]), 'daytona-proxy:').seal(key, value, Date.now() + ms);

    test.each([
      ['a foreign text', async () => 'true'],
      ['a verdict that nobody sealed', async () => JSON.stringify(verdict())],
      ['one by another secret', () => sealed('x'.repeat(32), keyOf('stranger'), verdict())],
      ['one of another key', () => sealed(secret, keyOf('friend'), verdict())],
      ['one of another shape', () => sealed(secret, keyOf('stranger'), { found: 'yes' })],
      ['one that is over', () => sealed(secret, keyOf('stranger'), verdict(), -5_000)],
      [
        'one whose time is over',
        () => sealed(secret, keyOf('stranger'), { found: true, until: Date.now() - 1 }),
      ],
    ])('%s lets nobody in', async (_name, entry) => {
      const rig = await start();
      await inspector.set(nameOf('stranger'), await entry());
      expect((await get(rig, 'stranger')).status).toBe(401);
      expect(asked(rig)).toBe(1);
    });

    test('a real one does, so that the others fail for what they are', async () => {
      const rig = await start();
      await inspector.set(nameOf('stranger'), await sealed(secret, keyOf('stranger'), verdict()));
      expect((await get(rig, 'stranger')).status).toBe(200);
      expect(asked(rig)).toBe(0);
    });

    test('an entry that was copied over another one is not there', async () => {
      const rig = await start();
      await get(rig, rig.daytona.apiKey);
      const own = await inspector.get(nameOf(rig.daytona.apiKey));
      expect(own).toMatch(/^eyJ/);
      await inspector.set(nameOf('stranger'), String(own));
      expect((await get(rig, 'stranger')).status).toBe(401);
    });

    test('an entry of another type is no reason to do without Redis', async () => {
      const rig = await start();
      await inspector.lPush(nameOf(rig.daytona.apiKey), 'x');
      expect((await get(rig, rig.daytona.apiKey)).status).toBe(200);
      const { body } = await ask(rig.proxy.port, { host: 'localhost', path: '/health' });
      expect(JSON.parse(body).cache.store).toBe('redis');
      expect(rig.logs().filter(({ event }) => event === 'store.refused')).toHaveLength(1);
    });

    test('a count that is none does not lock anybody out, nor fail a request', async () => {
      const rig = await start({ RATE_LIMIT_MAX: '2', ACCESS_MODE: 'open' });
      const host = rig.host();
      await ask(rig.proxy.port, { host });
      const [name = ''] = await inspector.keys('daytona-proxy:rate:*');
      await inspector.set(name, 'many', { PX: 60_000 });
      expect((await ask(rig.proxy.port, { host })).status).toBe(200);
      expect((await ask(rig.proxy.port, { host })).status).toBe(429);
    });

    test('news that are not ours end nothing and stop nothing', async () => {
      const rig = await start();
      const made = await makeShare(rig);
      const ending = [{ id: made.id, until: Date.now() + 60_000 }];
      const forged = [
        JSON.stringify(ending),
        await sealed('x'.repeat(32), 'news:ended', ending),
        await sealed(secret, 'news:other', ending),
        await sealed(secret, 'news:ended', { any: 'thing' }),
        '',
      ];
      for (const text of forged) await inspector.publish('daytona-proxy:news', `ended ${text}`);
      await inspector.publish('daytona-proxy:news', 'nothing');
      expect((await visitShare(rig, made.url)).status).toBe(200);
      const real = await sealed(secret, 'news:ended', ending);
      await inspector.publish('daytona-proxy:news', `ended ${real}`);
      expect(await eventually(() => refuses(rig, made.url))).toBe(true);
    });

    test('what was ended stays so where its entries are spoilt, and is written anew', async () => {
      const rig = await start();
      const made = await makeShare(rig);
      await endShare(rig, made.id);
      const name = 'daytona-proxy:ended';
      const [field = ''] = await inspector.hKeys(name);
      await inspector.hSet(name, {
        [field]: 'spoilt',
        nonsense: 'x',
        [`${Date.now() + 1e6}.x`]: '',
      });
      await inspector.sendCommand(['CLIENT', 'KILL', 'TYPE', 'pubsub']);
      const isMended = async () => (await inspector.hGet(name, field)) !== 'spoilt';
      expect(await eventually(isMended)).toBe(true);
      const other = await start();
      expect((await visitShare(other, made.url)).status).toBe(401);
      expect((await visitShare(rig, made.url)).status).toBe(401);
    });
  });

  describe('while COOKIE_SECRET is changed', () => {
    test('instances with the old one and with both share what they know', async () => {
      const next = 'the-next-cookie-secret-of-this-test-1';
      const old = await start({ COOKIE_SECRET: `${secret},${next}` });
      const young = await start({ COOKIE_SECRET: `${next},${secret}` });
      const made = await makeShare(old);
      await endShare(young, made.id);
      expect(await eventually(() => refuses(old, made.url))).toBe(true);
      await get(young, young.daytona.apiKey);
      expect((await get(old, old.daytona.apiKey)).status).toBe(200);
      expect(asked(old)).toBe(1);
    });

    test('what only the old one opens is nobody’s afterwards', async () => {
      const old = await start();
      await get(old, old.daytona.apiKey);
      const young = await start({ COOKIE_SECRET: 'another-cookie-secret-of-this-test-12' });
      expect((await get(young, old.daytona.apiKey)).status).toBe(200);
      expect(asked(old)).toBe(2);
    });
  });

  describe('everything that goes there', () => {
    let provider: IdentityProvider;
    beforeAll(async () => {
      provider = await startIdentityProvider();
    });
    afterAll(() => provider.close());

    test('shows no token, no cookie, no address, no person and no sandbox', async () => {
      const said: string[] = [];
      const monitor = await redis.connect();
      await monitor.monitor((line) => void said.push(String(line)));
      const rig = await start({
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: provider.clientId,
        OIDC_CLIENT_SECRET: provider.clientSecret,
        OIDC_ALLOWED_EMAILS: 'ann@a.test',
        TRUSTED_PROXIES: '127.0.0.1',
      });
      provider.serve(`http://${domain}:${rig.proxy.port}/callback`);
      const headers = { 'x-forwarded-for': '203.0.113.77' };
      const host = rig.host();
      const secrets = new Map<string, string>();

      const made = await makeShare(rig);
      await visitShare(rig, made.url);
      await endShare(rig, made.id);
      await get(rig, rig.daytona.apiKey);
      await get(rig, 'a-bearer-that-is-nobodys');
      const wrong = { ...headers, 'x-daytona-preview-token': 'a-wrong-token' };
      await ask(rig.proxy.port, { host, headers: wrong });
      const jar = new CookieJar();
      const url = `http://${host}:${rig.proxy.port}/`;
      const before = await logInAs(jar, url, 'ann@a.test', (to) => to.includes('CODE='));
      secrets.set(
        'the code',
        new URL(before.location ?? '').searchParams.get('DAYTONA_PROXY_CODE') ?? '',
      );
      await jar.follow(before.location ?? '');
      secrets.set('the session', jar.get(host, 'daytona-proxy') ?? '');
      secrets.set('the account', jar.get(domain, 'daytona-proxy-account') ?? '');
      secrets.set('the browser', jar.get(host, 'daytona-proxy-browser') ?? '');
      const names = await inspector.keys('daytona-proxy:person:*');
      const person = await inspector.get(names[0] ?? '');
      const opened = await new Seals([secret]).open('store', String(person));
      const { accessToken } = (opened as { value: { accessToken: string } }).value;
      secrets.set('the access token', accessToken);
      await jar.visit(`http://${domain}:${rig.proxy.port}/logout`);

      secrets.set('the API key', rig.daytona.apiKey);
      secrets.set('the preview token', rig.sandbox.token);
      secrets.set('COOKIE_SECRET', secret);
      secrets.set('ADMIN_TOKEN', adminToken);
      secrets.set('a bearer', 'a-bearer-that-is-nobodys');
      secrets.set('a wrong token', 'a-wrong-token');
      secrets.set(
        'the share link',
        new URL(made.url).searchParams.get('DAYTONA_SANDBOX_AUTH_KEY') ?? '',
      );
      secrets.set('the e-mail address', 'ann@a.test');
      secrets.set('the sandbox', id);
      secrets.set('the client', '203.0.113');

      const kinds = ['bearer', 'person', 'code', 'state', 'rate', 'ended', 'news', 'failure'];
      const text = said.join('\n');
      const of = (kind: string) => text.includes(`"daytona-proxy:${kind}`);
      expect(kinds.filter((kind) => !of(kind))).toEqual([]);
      const shown = [...secrets].filter(([, value]) => value === '' || text.includes(value));
      expect(shown.map(([name]) => name)).toEqual([]);
    });
  });
});
