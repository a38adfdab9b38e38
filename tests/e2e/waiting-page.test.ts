/** What a person sees whose sandbox sleeps: in a real browser. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { type Rig, startRig } from '../support/rig.ts';

const domain = 'proxy.localhost';

describeWith('chromium', 'the page of a sandbox that sleeps', () => {
  let browser: Browser;
  let rig: Rig;
  let address: string;

  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser.close());
  beforeEach(async () => {
    rig = await startRig({
      app: (req, res) => res.setHeader('Content-Type', 'text/html').end(`<h1>app ${req.url}</h1>`),
      env: { PROXY_DOMAIN: domain },
      sandbox: { state: 'stopped' },
    });
    rig.daytona.faults.startMs = 1_500;
    address = `http://3000-${rig.sandbox.id}.${domain}:${rig.proxy.port}/docs?a=1`;
  });
  afterEach(() => rig.close());

  test('tells its states and then shows the app by itself', async () => {
    const page = await browser.context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(address);
    expect(await page.textContent('h1')).toBe('Your sandbox is starting');
    await page.locator('#state', { hasText: 'starting' }).waitFor();
    await page.getByText('app /docs?a=1').waitFor();
    expect(page.url()).toBe(address);
    // The browser tells of the 503 itself; the policy has nothing to complain about.
    expect(complaints.filter((text) => !text.includes('503'))).toEqual([]);
    await page.close();
  });

  test('works without JavaScript', async () => {
    const other = await browser.context.browser()?.newContext({ javaScriptEnabled: false });
    const context = other ?? browser.context;
    const page = await context.newPage();
    await page.goto(address);
    expect(await page.textContent('h1')).toBe('Your sandbox is starting');
    await page.getByText('app /docs?a=1').waitFor({ timeout: 15_000 });
    await page.close();
    await other?.close();
  });

  test('says what went wrong, and offers to try again', async () => {
    rig.daytona.faults.startMs = 60_000;
    const page = await browser.context.newPage();
    await page.goto(address);
    rig.sandbox.state = 'error';
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    expect(await page.textContent('h1')).toBe('Your sandbox did not start');
    expect(await page.textContent('#state')).toMatch(/not running|does not start/);
    await page.close();
  });
});
