/**
 * `npm run screenshots`: pictures of all our pages for people, to be looked at; each page is brought
 * about at the real proxy. `npm run screenshots -- starting front` takes those with that in their
 * name. Exit code 1 where a page did not come about.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Browser, startBrowser } from '../support/browser.ts';
import { doorPages } from '../support/pages/doorPages.ts';
import { type PageState, startFor, visit } from '../support/pages/pageState.ts';
import { sandboxPages } from '../support/pages/sandboxPages.ts';
import { withPage } from '../support/pages/withPage.ts';
import { statsPage } from './statsPage.ts';

const folder = 'screenshots';
const devices = {
  desk: { width: 1024, height: 640 },
  phone: { width: 360, height: 640 },
};
const themes = ['light', 'dark'] as const;

const wanted = process.argv.slice(2);
// The last one moves the clocks of this process on.
const states = [...doorPages, ...sandboxPages, statsPage].filter(
  ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
);
if (states.length === 0) console.error(`no page has ${wanted.join(' or ')} in its name`);
process.exit(states.length > 0 && (await takeAll()) ? 0 : 1);

/** @returns false if a page did not come about */
async function takeAll(): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  const browser = await startBrowser();
  let failed = 0;
  try {
    for (const state of states) {
      try {
        await take(browser, state);
        console.log(`✓ ${state.name}`);
      } catch (error) {
        failed++;
        console.error(`✗ ${state.name}: ${error instanceof Error ? error.message : error}`);
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`${states.length - failed} of ${states.length} pages are in ${folder}/`);
  return failed === 0;
}

async function take(browser: Browser, state: PageState): Promise<void> {
  const rig = await startFor(state);
  try {
    for (const colorScheme of themes) {
      for (const [device, viewport] of Object.entries(devices)) {
        await withPage(browser, state, { colorScheme, viewport }, async (page) => {
          await visit(page, rig, state);
          const headline = await page.textContent('h1');
          if (headline !== state.headline) throw new Error(`says ${headline}`);
          const path = join(folder, `${state.name}-${device}-${colorScheme}.png`);
          await page.screenshot({ path, fullPage: true });
        });
      }
    }
  } finally {
    await rig.close();
  }
}
