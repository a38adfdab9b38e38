import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import type { AppProcess } from '../../src/demo/process.ts';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { startOpenCode } from '../support/openCode.ts';
import { type Rig, startRig } from '../support/rig.ts';

/** The page's own, inside `evaluate`. */
declare const location: { readonly origin: string };

describeWith('chromium', 'a real OpenCode in a real browser', () => {
  let rig: Rig;
  let openCode: AppProcess | undefined;
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    rig = await startRig({ env: { PROXY_DOMAIN: 'proxy.localhost' } });
    openCode = await startOpenCode();
    rig.sandbox.ports.set(4096, openCode.port);
    browser = await startBrowser();
    page = await browser.context.newPage();
    await page.goto(`http://4096-${rig.sandbox.id}.proxy.localhost:${rig.proxy.port}/`);
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await openCode?.close();
    await rig?.close();
  });

  test('shows its web app, without the warning screen', async () => {
    expect(await page.title()).toBe('OpenCode');
    await page.getByText('Settings').first().waitFor();
    expect(await page.content()).not.toContain('Daytona Preview - Warning');
  });

  test('sends its event stream at once', async () => {
    const first = await page.evaluate(
      () =>
        new Promise<string>((resolve, reject) => {
          const events = new EventSource('/event');
          events.onmessage = ({ data }) => {
            events.close();
            resolve(data);
          };
          events.onerror = () => reject(new Error('the event stream failed'));
        }),
    );
    expect(JSON.parse(first).type).toBe('server.connected');
  });

  test('opens a terminal by the browser’s ticket flow, and the terminal echoes', async () => {
    const output = await page.evaluate(async () => {
      const post = async (path: string, headers: Record<string, string>, body?: string) => {
        const init = body === undefined ? {} : { body };
        const answer = await fetch(path, { method: 'POST', headers, ...init });
        if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
        return answer.json() as Promise<Record<string, string>>;
      };
      const json = { 'content-type': 'application/json' };
      const { id } = await post('/pty', json, JSON.stringify({ command: '/bin/sh' }));
      const { ticket } = await post(`/pty/${id}/connect-token`, { 'x-opencode-ticket': '1' });
      return new Promise<string>((resolve, reject) => {
        const address = `${location.origin.replace('http', 'ws')}/pty/${id}/connect?ticket=${ticket}`;
        const socket = new WebSocket(address);
        let text = '';
        socket.onopen = () => socket.send('echo $((6 * 7))-answered\n');
        socket.onmessage = ({ data }) => {
          if (typeof data === 'string') text += data;
          if (text.includes('42-answered')) {
            socket.close();
            resolve(text);
          }
        };
        socket.onclose = ({ code }) => reject(new Error(`closed with ${code} after: ${text}`));
      });
    });
    expect(output).toContain('42-answered');
  });
});
