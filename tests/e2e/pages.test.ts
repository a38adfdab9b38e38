/** Every page of ours for people, brought about at the real proxy and looked at by a real browser. */
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { describeWith } from '../support/binary.ts';
import { type Browser, startBrowser } from '../support/browser.ts';
import { audit, complaintsOf } from '../support/pages/audit.ts';
import { doorPages } from '../support/pages/doorPages.ts';
import { addressOf, type PageState, startFor, visit } from '../support/pages/pageState.ts';
import { sandboxPages } from '../support/pages/sandboxPages.ts';
import { withPage as openPage } from '../support/pages/withPage.ts';
import { closeServer, listen, type Rig } from '../support/rig.ts';

const phone = { width: 360, height: 640 };
const themes = ['light', 'dark'] as const;

describeWith('chromium', 'the pages for people', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  const withPage = (
    options: BrowserContextOptions,
    state: PageState,
    use: (page: Page) => Promise<void>,
  ) => openPage(browser, state, { viewport: phone, ...options }, use);

  describe.each([...doorPages, ...sandboxPages])('$name', (state) => {
    let rig: Rig;
    beforeAll(async () => {
      rig = await startFor(state);
    });
    afterAll(() => rig?.close());

    test.each(themes)('is sound in the %s theme on a phone', (colorScheme) =>
      withPage({ colorScheme }, state, async (page) => {
        const complaints = complaintsOf(page);
        let first: readonly unknown[] = [];
        page.on('response', (answer) => {
          const seen = [answer.status(), answer.headers()['x-proxy-error']];
          if (answer.request().isNavigationRequest() && seen[0] !== 303) first = seen;
        });
        await visit(page, rig, state);
        const { contrast, ...found } = await audit(page);
        expect(found).toEqual({
          headlines: [state.headline],
          language: 'en',
          landmarks: expect.arrayContaining(['main', 'footer']),
          scheme: colorScheme,
          scrollsSideways: false,
          quirks: false,
        });
        expect(contrast.ratio).toBeGreaterThanOrEqual(4.5);
        expect(first).toEqual([state.status, state.code]);
        expect(await page.title()).not.toBe('');
        expect(await page.locator('footer code').textContent()).toMatch(/^[0-9a-f-]{36}$/);
        expect(complaints).toEqual([]);
      }),
    );

    if (!state.scripted) {
      test('says the same without JavaScript', () =>
        withPage({ javaScriptEnabled: false }, state, async (page) => {
          await visit(page, rig, state);
          expect(await page.textContent('h1')).toBe(state.headline);
        }));
    }

    if (!state.scripted && !state.unframed) {
      test('shows in a frame of another site', () =>
        withPage({}, state, async (page) => {
          let address = '';
          const parent = http.createServer((_req, res) => {
            res.setHeader('Content-Type', 'text/html');
            res.end(`<iframe src="${address}" width="340" height="400"></iframe>`);
          });
          const port = await listen(parent);
          const { arrive: _arrive, ...rest } = state;
          const framed = {
            ...rest,
            address: async (of: Rig) => {
              address = (await state.address?.(of)) ?? addressOf(of);
              return `http://127.0.0.1:${port}/`;
            },
          };
          try {
            await visit(page, rig, framed);
            await page.frameLocator('iframe').locator('h1').waitFor();
            const frame = page.frames()[1];
            if (!frame) throw new Error('no frame');
            const { headlines, scrollsSideways } = await audit(frame);
            expect([headlines, scrollsSideways]).toEqual([[state.headline], false]);
          } finally {
            await closeServer(parent);
          }
        }));
    }
  });

  test('a keyboard reaches what there is to do, and sees where it is', async () => {
    const state = sandboxPages.find(({ name }) => name === 'nothing-listens-others-do');
    if (!state) throw new Error('no such state');
    const rig = await startFor(state);
    try {
      await withPage({}, state, async (page) => {
        await visit(page, rig, state);
        const reached: string[] = [];
        for (let i = 0; i < 4; i++) {
          await page.keyboard.press('Tab');
          reached.push(
            (await page.evaluate(`(() => {
              const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
              return [document.activeElement.textContent, outlineStyle, outlineWidth].join();
            })()`)) as string,
          );
        }
        expect(reached).toEqual(
          ['Port 3000', 'Port 4096', 'Port 5173', 'Try again'].map((text) => `${text},solid,2px`),
        );
        await page.getByText('Port 4096').click();
        await page.getByText('app /').waitFor();
        expect(new URL(page.url()).host).toMatch(`4096-${rig.sandbox.id}.`);
      });
    } finally {
      await rig.close();
    }
  });
});
