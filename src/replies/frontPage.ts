import { isIP } from 'node:net';
import { type RequestHandler, Router } from 'express';
import { isLocalhost } from '../host/localhost.ts';
import { type HostFormat, splitHost, writeHost } from '../host/parse.ts';
import { escapeHtml, type PageContent } from './page.ts';
import { sendPage, wantsPage } from './send.ts';

export interface FrontPageRules {
  readonly domains: readonly string[];
  readonly format: HostFormat;
}

/**
 * The front page of the bare domain, for people: what this host is, and how an address is written.
 * It names no sandbox, and says nothing that a stranger could not read in the README. A program
 * learns that the host names no sandbox, as on every other path.
 */
export function frontPage({ domains, format }: FrontPageRules): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const show: RequestHandler = (req, res, next) => {
    const { host } = req.exchange.visitor;
    if (!wantsPage(req) || !isOwn(host, domains)) return next();
    const { name, port } = splitHost(host);
    const [domain = name === 'localhost' ? name : 'example.com'] = domains;
    const own = domains.includes(name) ? name : domain;
    // The port by which somebody is here leads nowhere where a front stands before another name.
    const shown = own === name || isLocalhost(own) ? own + port : own;
    return sendPage(req, res, content(shown, format));
  };
  return router.get('/', show);
}

/** False for a host that was meant to be a sandbox's and is not: that one is told its mistake. */
function isOwn(host: string, domains: readonly string[]): boolean {
  const { name } = splitHost(host);
  if (domains.includes(name) || name === 'localhost' || isIP(name.replace(/^\[|\]$/g, ''))) {
    return true;
  }
  return domains.length === 0 && !/^\d+-|^[^.]*-\d+(?:\.|$)/.test(name);
}

function content(domain: string, format: HostFormat): PageContent {
  const address = (port: string, id: string) => escapeHtml(writeHost(id, port, domain, format));
  const both =
    format === 'auto' ? ' The other way round, the sandbox before the port, works too.' : '';
  return {
    headline: 'This host leads to sandboxes',
    body: `<p>Every port of a sandbox has an address of its own here, below this one. By itself this address shows nothing else.</p>
<h2>How an address is written</h2>
<code class="address">${address('{port}', '{sandbox}')}</code>
<ul>
<li><code>{port}</code> is the port that the program in the sandbox listens on, such as 3000.</li>
<li><code>{sandbox}</code> is the id of the sandbox.</li>
</ul>
<p>For example <code>${address('3000', 'my-sandbox')}</code>.${both}</p>
<h2>What you can do</h2>
<p>Open the address just as it was given to you. If the sandbox is yours, put it together from the id that you see where you made it.</p>`,
  };
}
