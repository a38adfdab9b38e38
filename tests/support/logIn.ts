import type { CookieJar, Page } from './cookieJar.ts';

/**
 * Opens an address that asks for a login, and names somebody at the provider's login page.
 *
 * @returns the page at the end, or the answer that leads to an address of which `before` is true
 */
export async function logInAs(
  jar: CookieJar,
  url: string,
  name: string,
  before?: (url: string) => boolean,
): Promise<Page> {
  const form = await jar.follow(url);
  const action = /<form[^>]* action="([^"]+)"/.exec(form.body)?.[1];
  if (!action) throw new Error(`no form of the provider at ${form.url}: ${form.body}`);
  const body = new URLSearchParams({ prompt: 'login', login: name, password: 'any' }).toString();
  return jar.follow(new URL(action, form.url).href, before, { method: 'POST', body });
}
