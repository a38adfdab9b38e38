import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Browser } from '../browser.ts';
import type { PageState } from './pageState.ts';

/** Opens a page with a profile of its own, on which nothing of the other states was ever seen. */
export async function withPage(
  browser: Browser,
  { headers }: PageState,
  options: BrowserContextOptions,
  use: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.context.browser()?.newContext({
    ...options,
    ...(headers && { extraHTTPHeaders: headers }),
  });
  if (!context) throw new Error('a browser without a way to more profiles');
  try {
    await use(await context.newPage());
  } finally {
    await context.close();
  }
}
