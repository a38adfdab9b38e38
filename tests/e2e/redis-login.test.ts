import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { CookieJar, type Page } from '../support/cookieJar.ts';
import { eventually } from '../support/eventually.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identityProvider.ts';
import { type Redis, startRedis } from '../support/redis.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

const codeName = 'DAYTONA_PROXY_CODE';

/** Two proxies behind one address: the port of a URL says which of them a step goes to. */
describeWith('redis-server', 'a login over two proxies that share a Redis', () => {
  let redis: Redis;
  let provider: IdentityProvider;
  let one: Rig;
  let two: Rig;

  beforeAll(async () => {
    redis = await startRedis();
    provider = await startIdentityProvider();
    const env = {
      REDIS_URL: redis.url,
      COOKIE_SECRET: 's'.repeat(32),
      ACCESS_MODE: 'private',
      OIDC_ISSUER: provider.issuer,
      OIDC_CLIENT_ID: provider.clientId,
      OIDC_CLIENT_SECRET: provider.clientSecret,
      OIDC_ALLOWED_EMAILS: 'ann@a.test',
    };
    one = await startRig({ app: (req, res) => void res.end(`at ${req.url}`), env });
    two = await startRig({ env, beside: one });
    provider.serve(`http://${domain}:${one.proxy.port}/callback`);
  });
  afterAll(async () => {
    await two?.close();
    await one?.close();
    await provider?.close();
    await redis?.close();
  });

  const address = (path = '/') => `http://${one.host()}:${one.proxy.port}${path}`;
  /** Follows redirects; the steps at the proxies go to the first and the second in turn. */
  const walk = async (jar: CookieJar, url: string, until = (_url: string) => false) => {
    let page: Page = await step(jar, url);
    while (page.location !== undefined && !until(page.location)) {
      page = await step(jar, page.location);
    }
    return page;
  };
  let turn = 0;
  const servedBy: number[] = [];
  const step = async (jar: CookieJar, url: string, only?: Rig): Promise<Page> => {
    if (new URL(url).port !== String(one.proxy.port)) return jar.visit(url);
    const rig = only ?? [one, two][turn++ % 2] ?? one;
    servedBy.push(rig.proxy.port);
    return jar.visit(url, {}, rig.proxy.port);
  };
  const logIn = async (jar: CookieJar, until?: (url: string) => boolean) => {
    const form = await walk(jar, address('/x?y'));
    const action = /<form[^>]* action="([^"]+)"/.exec(form.body)?.[1] ?? '';
    const body = 'prompt=login&login=ann%40a.test&password=any';
    const page = await jar.visit(new URL(action, form.url).href, { method: 'POST', body });
    return walk(jar, page.location ?? '', until);
  };
  const hasCode = (url: string) => url.includes(`${codeName}=`);

  test('works though each step is another one’s', async () => {
    const jar = new CookieJar();
    const page = await logIn(jar);
    expect([page.status, page.body]).toEqual([200, 'at /x?y']);
    expect(new Set(servedBy).size).toBe(2);
    // Known on both by now: neither leads to the provider.
    const other = one.daytona.sandboxes.create({ id: 'other', ports: one.sandbox.ports });
    for (const rig of [one, two]) {
      const url = `http://3000-${other.id}.${domain}:${one.proxy.port}/`;
      const begun = await step(jar, url, rig);
      const entered = await step(jar, begun.location ?? '', rig);
      expect(hasCode(entered.location ?? '')).toBe(true);
    }
  });

  test('a code works once, whoever is asked', async () => {
    const jar = new CookieJar();
    const { location = '' } = await logIn(jar, hasCode);
    const [first, second] = await Promise.all([step(jar, location, one), step(jar, location, two)]);
    expect([first.status, second.status].sort()).toEqual([303, 401]);
    expect((await step(jar, location, one)).status).toBe(401);
  });

  test('an answer of the provider counts once, whoever is asked', async () => {
    const jar = new CookieJar();
    const { location = '' } = await logIn(jar, (url) => url.includes('/callback?'));
    const page = await step(jar, location, one);
    expect(hasCode(page.location ?? '')).toBe(true);
    const again = await step(jar, location, two);
    expect(again.headers['x-proxy-error']).toBe('LOGIN_FAILED');
    // The provider, which takes its code once too, was not even asked.
    const attempts = two.logs().filter(({ event }) => event === 'access.attempt');
    expect(attempts.some(({ outcome }) => outcome === 'bad')).toBe(false);
  });

  test('a logout at one ends the sessions at the other', async () => {
    const jar = new CookieJar();
    await logIn(jar);
    expect((await step(jar, address(), two)).status).toBe(200);
    const page = await step(jar, `http://${domain}:${one.proxy.port}/logout`, one);
    expect(page.body).toContain('logged out');
    const status = (rig: Rig) =>
      step(jar, address(), rig).then(
        (answer) => answer.status,
        () => undefined, // It was under way when its session was ended.
      );
    expect(await status(one)).toBe(303);
    expect(await eventually(async () => (await status(two)) === 303)).toBe(true);
  });

  test('goes on at one proxy while Redis is away', async () => {
    const jar = new CookieJar();
    redis.pause();
    try {
      const form = await jar.follow(address('/z'));
      const action = /<form[^>]* action="([^"]+)"/.exec(form.body)?.[1] ?? '';
      const body = 'prompt=login&login=ann%40a.test&password=any';
      const first = { method: 'POST', body };
      const page = await jar.follow(new URL(action, form.url).href, undefined, first);
      expect([page.status, page.body]).toEqual([200, 'at /z']);
    } finally {
      redis.resume();
    }
  });
});
