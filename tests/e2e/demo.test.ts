import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { type Program, startProgram } from '../support/program.ts';

describeWith('chromium', 'the demo in a real browser', () => {
  let program: Program;
  let browser: Browser | undefined;

  beforeAll(async () => {
    program = startProgram({ PORT: '0' }, '--demo');
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
