/** The page for operators in a real browser: live, by keyboard, in both themes, on a phone. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { BrowserContext, Page } from 'playwright-core';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Rig, startRig } from '../support/rig.ts';

const domain = 'proxy.localhost';
const token = 'a-stats-token-for-tests';
/** Where pictures go, for whoever wants to look at them. */
const shots = process.env.SCREENSHOTS;

describeWith('chromium', 'the page for operators', () => {
  let browser: Browser;
  let rig: Rig;
  let page: Page;
  let complaints: string[];
  const address = () => `http://${domain}:${rig.proxy.port}/stats`;
  const visit = (path = '/', { id } = rig.sandbox) =>
    ask(rig.proxy.port, { host: `3000-${id}.${domain}`, path });

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  const start = async (env: Record<string, string> = {}) => {
    rig = await startRig({
      app: (req, res) => void res.writeHead(Number(req.url?.slice(1)) || 200).end('app'),
      env: { PROXY_DOMAIN: domain, ...env },
    });
  };
  beforeEach(async () => {
    await start();
    await browser.context.clearCookies();
    page = await newPage(browser.context);
  });
  afterEach(async () => {
    await page.close();
    await rig.close();
  });

  const newPage = async (context: BrowserContext) => {
    const opened = await context.newPage();
    complaints = [];
    opened.on('console', (message) => complaints.push(message.text()));
    opened.on('pageerror', (error) => complaints.push(error.message));
    return opened;
  };
  const shoot = async (name: string) => {
    if (!shots) return;
    await mkdir(shots, { recursive: true });
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true });
  };
  /** The machine itself, where there is no token; the browser says which host it means. */
  const enter = async (opened = page) => {
    await opened.goto(address());
    await opened.getByText('live', { exact: true }).waitFor();
  };
  const text = (name: string) => page.locator(`[data-text="${name}"]`).first().textContent();

  test('takes the token once, by keyboard alone', async () => {
    await rig.close();
    await start({ STATS_TOKEN: token });
    await page.goto(address());
    await shoot('login');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await page.keyboard.type(token);
    await page.keyboard.press('Enter');
    await page.getByText('live', { exact: true }).waitFor();
    expect(page.url()).toBe(address());
    const [cookie] = await browser.context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', domain });
    await page.getByRole('button', { name: 'Sign out' }).press('Enter');
    await page.getByLabel('STATS_TOKEN').waitFor();
    expect(complaints.filter((complaint) => !complaint.includes('401'))).toEqual([]);
  });

  test('keeps its figures up to date and draws them', async () => {
    await enter();
    expect(await text('requestsHour')).toBe('0');
    await visit();
    await visit('/503');
    await page.locator('[data-text="requestsHour"]', { hasText: '2' }).waitFor();
    await page.getByRole('rowheader', { name: 'app 503' }).waitFor();
    await page.getByRole('rowheader', { name: `${rig.sandbox.id}:3000` }).waitFor();
    expect(await page.locator('svg[data-plot="requests"] path').count()).toBe(2);
    expect(complaints).toEqual([]);
  });

  test('forgets by keyboard, and does not lose the place', async () => {
    await visit();
    await enter();
    const button = page.getByRole('button', { name: `Forget ${rig.sandbox.id}:3000` });
    await button.focus();
    await page.keyboard.press('Enter');
    await button.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.id')).toBe('sandboxes');
    expect(await page.getByRole('status').textContent()).toContain('forgot');
    await visit();
    await button.waitFor();
    await page.getByRole('button', { name: 'Forget all' }).press('Enter');
    await button.waitFor({ state: 'detached' });
    expect(complaints).toEqual([]);
  });

  test('stands still while it is paused', async () => {
    await enter();
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.press('Enter');
    await page.getByText('paused', { exact: true }).waitFor();
    await visit();
    expect(await text('requestsHour')).toBe('0');
    await page.getByRole('button', { name: 'Go on' }).press('Enter');
    await page.locator('[data-text="requestsHour"]', { hasText: '1' }).waitFor();
    expect(complaints).toEqual([]);
  });

  const reconnect = async () => {
    await page.getByRole('button', { name: 'Pause' }).press('Enter');
    await page.getByRole('button', { name: 'Go on' }).press('Enter');
  };
  const stream = '**/stats/events';

  test('keeps its place where the stream is refused, and loads anew for a login', async () => {
    await enter();
    await page.evaluate('window.kept = true');
    await page.route(stream, (route) => route.fulfill({ status: 503 }));
    await reconnect();
    await page.getByText('connection lost').waitFor();
    await page.waitForRequest((request) => request.method() === 'HEAD');
    await page.unroute(stream);
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.evaluate('window.kept')).toBe(true);
    await page.route(stream, (route) => route.fulfill({ status: 401 }));
    await Promise.all([page.waitForEvent('load'), reconnect()]);
  });

  test('says nothing of a stream that ends and opens anew', async () => {
    await enter();
    await page.evaluate(`
      window.looks = [];
      const { status } = document.all;
      new MutationObserver(() => looks.push(status.className)).observe(status, { attributes: true });
    `);
    let streams = 0;
    await page.route(stream, (route) => {
      streams += 1;
      if (streams > 1) return route.continue();
      return route.fulfill({ contentType: 'text/event-stream', body: 'retry: 10\n\n' });
    });
    await reconnect();
    const looks = () => page.evaluate<string[]>('looks');
    expect(await eventually(async () => (await looks()).length === 3)).toBe(true);
    expect([await looks(), streams]).toEqual([['', 'live', 'live'], 2]);
  });

  test('says that the proxy is gone', async () => {
    await enter();
    await rig.proxy.close();
    await page.getByText('connection lost').waitFor();
  });

  test.each([
    ['light', 360],
    ['dark', 360],
    ['light', 1_280],
    ['dark', 1_280],
  ] as const)('is readable in the %s at %d pixels', async (colorScheme, width) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    const other = rig.daytona.sandboxes.create({ ports: rig.sandbox.ports });
    for (const path of ['/', '/404', '/404', '/500', '/']) await visit(path);
    await visit('/', other);
    await visit('/', { ...other, id: 'nobody' });
    await enter();
    await page.getByText('app 404', { exact: true }).waitFor();
    await page.locator('svg path').first().waitFor({ state: 'attached' });
    const sizes = 'document.documentElement.scrollWidth';
    expect(await page.evaluate(sizes)).toBeLessThanOrEqual(width);
    await shoot(`stats-${colorScheme}-${width}`);
    expect(await contrasts(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  test('has all figures and buttons without JavaScript', async () => {
    await visit();
    const session = await browser.context.newCDPSession(page);
    await session.send('Emulation.setScriptExecutionDisabled', { value: true });
    await page.goto(address());
    expect(await page.locator('[data-text="requestsHour"]').textContent()).toBe('1');
    const button = page.getByRole('button', { name: `Forget ${rig.sandbox.id}:3000` });
    await button.click();
    await button.waitFor({ state: 'detached' });
    expect(page.url()).toBe(address());
    await session.detach();
  });
});

/** Texts whose contrast with what is behind them is below 4.5:1 (WCAG 2.2, AA). */
async function contrasts(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour.length < 4 || colour[3] > 0) return colour;
      }
      return [255, 255, 255];
    };
    return [...document.querySelectorAll('h1, h2, p, dt, dd, th, td, button, figcaption')]
      .filter((element) => element.textContent.trim() !== '')
      .flatMap((element) => {
        const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05) < 4.5 ? [element.outerHTML.slice(0, 80)] : [];
      });
  })()`) as Promise<string[]>;
}
