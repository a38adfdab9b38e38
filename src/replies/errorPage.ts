import type { Exchange, SandboxAddress } from '../exchange.ts';
import { otherPort } from '../host/otherPort.ts';
import type { ProxyError } from './errors.ts';
import { explanations } from './explanations.ts';
import { escapeHtml, type PageContent } from './page.ts';

/** A time that is over before the page is read is no news. */
const soonSeconds = 5;

type Asked = Pick<Exchange, 'method' | 'sandbox'> & { readonly visitor: { readonly host: string } };

/** What a person sees of one of our errors: what happened, what to do, which request it was. */
export function errorPage(error: ProxyError, { method, sandbox, visitor }: Asked): PageContent {
  const { code, status, message, state, retryAfter } = error;
  const { headline, happened = message, advice, again } = explanations[code];
  const title = headline.replace('{port}', String(sandbox?.port ?? ''));
  const parts = [`<p>${escapeHtml(happened)}</p>`];
  if (state !== undefined) parts.push(`<p>Its state is <strong>${escapeHtml(state)}</strong>.</p>`);
  if (sandbox) parts.push(...portList(error.ports, visitor.host, sandbox));
  parts.push('<h2>What you can do</h2>', `<p>${escapeHtml(advice)}</p>`);
  if (retryAfter !== undefined && retryAfter > soonSeconds)
    parts.push(`<p>Try again in ${duration(retryAfter)}.</p>`);
  // What was sent by a form would not be sent again by a link.
  if (again && method === 'GET') parts.push('<p><a class="button" href="">Try again</a></p>');
  return { headline: title, body: parts.join('\n'), foot: `${status} ${code}` };
}

/** The ports that answer, each with its address; by the page's own scheme, whoever speaks TLS. */
function portList(ports: readonly number[], host: string, sandbox: SandboxAddress): string[] {
  const items = ports.flatMap((port) => {
    const address = otherPort(host, sandbox, port);
    if (address === undefined) return [];
    return `<li><a href="//${escapeHtml(address)}/">Port ${port}</a></li>`;
  });
  if (items.length === 0) return [];
  return [
    '<h2>Ports that answered in the last ten minutes</h2>',
    `<ul>\n${items.join('\n')}\n</ul>`,
  ];
}

/** Says a time as people do. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'a moment';
  const [count, unit] =
    seconds < 100 ? [Math.ceil(seconds), 'second'] : [Math.ceil(seconds / 60), 'minute'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
