/** Login in a real browser at a real provider: two people, two sandboxes, and a way out. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import type { Sandbox } from '../../src/demo/sandboxes.ts';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { echoSockets } from '../support/echo.ts';
import { type IdentityProvider, startIdentityProvider } from '../support/identityProvider.ts';
import { type Rig, startRig } from '../support/rig.ts';

const domain = 'proxy.localhost';

describeWith('chromium', 'login in a real browser', () => {
  let provider: IdentityProvider;
  let rig: Rig;
  let other: Sandbox;
  let browsers: Browser[] = [];
  const seenCookies: (string | undefined)[] = [];

  beforeAll(async () => {
    provider = await startIdentityProvider();
    rig = await startRig({
      app: (req, res) => {
        seenCookies.push(req.headers.cookie);
        res.setHeader('Content-Type', 'text/html');
        res.end(`<h1>the app at ${req.url}</h1>`);
      },
      env: {
        PROXY_DOMAIN: domain,
        ACCESS_MODE: 'private',
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: provider.clientId,
        OIDC_CLIENT_SECRET: provider.clientSecret,
        OIDC_ALLOWED_EMAILS: 'ann@a.test,bob@b.test',
      },
      sandbox: { id: 'one', labels: { 'preview.owner': 'ann@a.test' } },
    });
    echoSockets(rig.app);
    other = rig.daytona.sandboxes.create({ id: 'two', ports: rig.sandbox.ports });
    provider.serve(`http://${domain}:${rig.proxy.port}/callback`);
  });
  afterAll(async () => {
    for (const browser of browsers) await browser.close();
    await rig?.close();
    await provider?.close();
  });

  const address = (sandbox: Sandbox, path = '/') =>
    `http://3000-${sandbox.id}.${domain}:${rig.proxy.port}${path}`;
  const openBrowser = async (): Promise<BrowserContext> => {
    const browser = await startBrowser();
    browsers = [...browsers, browser];
    return browser.context;
  };
  /** At the provider's own login page. */
  const logIn = async (page: Page, name: string) => {
    await page.fill('input[name=login]', name);
    await page.fill('input[name=password]', 'any');
    await page.click('button[type=submit]');
  };

  test('leads to the page that was asked for, and opens the other sandbox without a second one', async () => {
    const page = await (await openBrowser()).newPage();
    await page.goto(address(rig.sandbox, '/deep//path?x=%20&y'));
    await logIn(page, 'ann@a.test');
    await page.getByText('the app at /deep//path?x=%20&y').waitFor();
    expect(page.url()).toBe(address(rig.sandbox, '/deep//path?x=%20&y'));
    await page.goto(address(other));
    await page.getByText('the app at /').waitFor();
    expect(seenCookies.filter((cookie) => cookie !== undefined)).toEqual([]);

    const echoed = await page.evaluate(`new Promise((resolve, reject) => {
      const socket = new WebSocket('ws://' + location.host + '/');
      socket.onopen = () => socket.send('hello');
      socket.onmessage = ({ data }) => data === 'hello' && resolve(data);
      socket.onerror = reject;
    })`);
    expect(echoed).toBe('hello');

    const status = () => page.evaluate(`fetch('/').then(({ status }) => status)`);
    expect(await status()).toBe(200);
    const tab = await page.context().newPage();
    await tab.goto(`http://${domain}:${rig.proxy.port}/logout`);
    await tab.getByText('You are logged out of all sandboxes.').waitFor();
    expect(await status()).toBe(401);
  });

  test('lets nobody into another person’s sandbox', async () => {
    const page = await (await openBrowser()).newPage();
    await page.goto(address(rig.sandbox));
    await logIn(page, 'bob@b.test');
    await page.getByText('You are logged in, but may not enter this sandbox.').waitFor();
    await page.goto(address(other));
    await page.getByText('the app at /').waitFor();
  });

  test('works in several tabs at once', async () => {
    const context = await openBrowser();
    const [one, two] = [await context.newPage(), await context.newPage()];
    await one.goto(address(rig.sandbox, '/one'));
    await two.goto(address(other, '/two'));
    await logIn(two, 'ann@a.test');
    await two.getByText('the app at /two').waitFor();
    await logIn(one, 'ann@a.test');
    await one.getByText('the app at /one').waitFor();
  });
});
