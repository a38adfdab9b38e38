import { type Answer, ask } from './client.ts';

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
}

interface Options {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** An answer, and the address that it came from. */
export interface Page extends Answer {
  readonly url: string;
  /** Where it sends the browser, as a whole address. */
  readonly location: string | undefined;
}

const navigation = {
  accept: 'text/html,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-dest': 'document',
};
const mostHops = 20;

/** As much of a browser as a login needs: every name is on loopback, and cookies stay on their host. */
export class CookieJar {
  #cookies: Cookie[] = [];

  /**
   * One request, as a navigation unless `headers` say otherwise; redirects are not followed.
   *
   * @param at the port that is asked, where it is not the address's own
   */
  async visit(
    url: string,
    { method = 'GET', headers = navigation, body = '' }: Options = {},
    at = Number(new URL(url).port),
  ) {
    const { host, hostname, pathname, search } = new URL(url);
    const cookie = this.#cookies
      .filter((one) => one.host === hostname && isUnder(pathname, one.path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
    const form = body ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    const answer = await ask(at, {
      host,
      path: pathname + search,
      method,
      headers: { ...headers, ...form, ...(cookie ? { cookie } : {}) },
      body,
    });
    for (const line of answer.headers['set-cookie'] ?? []) this.#keep(hostname, line);
    const { location } = answer.headers;
    return { ...answer, url, location: location && new URL(location, url).href } satisfies Page;
  }

  /** Follows redirects to a page; or up to an address of which `before` is true, not asked for. */
  async follow(
    url: string,
    before: (url: string) => boolean = () => false,
    first: Options = {},
  ): Promise<Page> {
    let page: Page = await this.visit(url, first);
    for (let i = 0; page.location !== undefined && !before(page.location); i++) {
      if (i === mostHops) throw new Error(`too many redirects, now at ${page.url}`);
      page = await this.visit(page.location);
    }
    return page;
  }

  get(host: string, name: string): string | undefined {
    return this.#cookies.find((one) => one.host === host && one.name === name)?.value;
  }

  set(host: string, name: string, value: string): void {
    this.#keep(host, `${name}=${value}; Path=/`);
  }

  #keep(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const equals = pair.indexOf('=');
    const name = pair.slice(0, equals);
    const value = pair.slice(equals + 1);
    const of = (key: string) =>
      attributes.find((one) => one.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
    if (of('domain') !== undefined) throw new Error(`a cookie for a whole domain: ${line}`);
    const path = of('path') ?? '/';
    const same = (one: Cookie) => one.host === host && one.path === path && one.name === name;
    this.#cookies = this.#cookies.filter((one) => !same(one));
    const expires = of('expires');
    const isOver = of('max-age') === '0' || (expires && Date.parse(expires) <= Date.now());
    if (!isOver) this.#cookies.push({ host, path, name, value });
  }
}

function isUnder(pathname: string, path: string): boolean {
  return pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}
