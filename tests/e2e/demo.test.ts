import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { ask } from '../support/client.ts';
import { type Program, startProgram } from '../support/program.ts';

describeWith('chromium', 'the demo in a real browser', () => {
  let program: Program;
  let browser: Browser | undefined;

  beforeAll(async () => {
    program = startProgram({ PORT: '0' }, 'demo');
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    program.child.kill('SIGINT');
    await program.exit;
  });

  test('shows the request, a live WebSocket and a live event stream', async () => {
    const address = /http\S+/.exec(await program.line(/the sandbox's app/))?.[0] ?? '';
    await program.line(/Ctrl-C/);
    const page = await browser?.context.newPage();
    if (!page) throw new Error('no page');
    await page.goto(address);
    await page.getByText('the app answered: hello').waitFor();
    await page.getByText(/the app’s clock: 2\d{3}-/).waitFor();
    const table = await page.getByRole('table').textContent();
    expect(table).toMatch(/hostlocalhost:3000/);
    expect(table).not.toContain('x-daytona');
  });
});

describe('the demo in platform mode', () => {
  let program: Program;

  beforeAll(() => {
    program = startProgram({ PROXY_PORT: '0' }, 'demo', '--platform');
  });
  afterAll(async () => {
    program.child.kill('SIGINT');
    await program.exit;
  });

  /** Asks as the first line says that has these words, key included where the line has one. */
  async function tryLine(words: RegExp) {
    const line = await program.line(words);
    const url = new URL(/http\S+/.exec(line)?.[0] ?? '');
    const authorization = /Authorization: ([^']+)/.exec(line)?.[1];
    const headers = authorization === undefined ? {} : { authorization };
    return ask(Number(url.port), { host: url.host, path: url.pathname, headers });
  }

  test('shows a public app, and a reserved port and a toolbox that open with a key alone', async () => {
    await program.line(/Ctrl-C/);
    const app = await tryLine(/the sandbox's app/);
    expect([app.status, app.body]).toEqual([200, expect.stringContaining('x-forwarded-host')]);
    for (const line of [/a reserved port/, /its toolbox/]) {
      expect((await tryLine(line)).status).toBe(401);
    }
    for (const line of [/with a key .*2280-demo/, /with a key .*\/toolbox\/demo\//]) {
      const { status, body } = await tryLine(line);
      expect([status, JSON.parse(body)]).toEqual([200, { version: 'embedded' }]);
    }
  });
});

test('the demo says which flags it knows, instead of starting without one', async () => {
  const program = startProgram({ PORT: '0' }, 'demo', '--platfrom');
  expect(await program.exit).toBe(2);
  expect(program.lines).toContain('(Did you mean --platform?)');
});
