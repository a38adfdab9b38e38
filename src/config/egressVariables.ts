import { isIP } from 'node:net';
import { z } from 'zod';
import {
  httpUrl,
  integer,
  list,
  networks,
  off,
  secrets,
  time,
  type Variable,
  variable,
} from './schemas.ts';

/** One host, or all below one, that sandboxes may reach on one port. */
export interface EgressRule {
  /** Lower-case; an address without brackets. */
  readonly host: string;
  /** True for every name below `host`, and not for itself. */
  readonly wildcard: boolean;
  readonly port: number;
}

const entry = /^(\*\.)?(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(?::(\d{1,5}))?$/;

const rules = z.string().transform((text, ctx) => {
  const parts = list(text.toLowerCase());
  const read = parts.map(readRule);
  const wrong = parts[read.indexOf(undefined)];
  if (wrong === undefined) return read.filter((rule) => rule !== undefined);
  ctx.addIssue(
    `"${wrong}" is not a host, as openrouter.ai, *.anthropic.com or example.com:8443 (no scheme, no path)`,
  );
  return z.NEVER;
});

/** @returns undefined where the text is no rule, or names its host in an unusual way */
function readRule(text: string): EgressRule | undefined {
  const [, star, name = '', digits = '443'] = entry.exec(text) ?? [];
  const url = `http://${name}/`;
  const port = Number(digits);
  if (name === '' || !URL.canParse(url) || port < 1 || port > 65_535) return undefined;
  const { hostname } = new URL(url);
  const host = name.replace(/^\[|\]$/g, '');
  // `0x7f.1` and `[::0:1]` are other ways to write an address that is asked for by its usual one.
  if (hostname !== name || host.endsWith('.')) return undefined;
  if (star !== undefined && isIP(host) !== 0) return undefined;
  return { host, wildcard: star !== undefined, port };
}

const sandboxIds = z.string().transform((text, ctx) => {
  const ids = list(text.toLowerCase());
  const wrong = ids.find((id) => !/^[a-z0-9-]{1,63}$/.test(id));
  if (wrong === undefined) return ids;
  ctx.addIssue(`"${wrong}" is not a sandbox's id`);
  return z.NEVER;
});

const count = (fallback: string, meaning: string) =>
  variable(integer(0, 1_000_000_000), fallback, fallback, `${meaning}; 0 switches the limit off.`);
const bytes = (fallback: string, meaning: string) =>
  variable(
    integer(0, 999_999_999_999_999),
    fallback,
    fallback,
    `${meaning}; 0 switches the limit off.`,
  );

/** The forward proxy for what sandboxes ask of the outside. */
export const egressVariables = {
  EGRESS_ALLOW: variable(
    rules,
    '',
    'openrouter.ai,*.anthropic.com,api.github.com:443',
    '`egress`: the hosts that sandboxes may reach through it, each with a port (443 if none is said); `*.` stands for all names below. Plain HTTP goes where port 80 is listed.',
  ),
  EGRESS_SECRET: variable(
    secrets,
    '',
    'one-more-random-text-of-32-characters-or-more',
    '`egress`: the passwords of sandboxes are derived from it. Two, with a comma between: both are good, so that they can be changed.',
    true,
  ),
  EGRESS_URL: variable(
    off.or(httpUrl),
    '',
    'http://egress.example.com:3128',
    'The address of the egress proxy as sandboxes reach it; `sandbox create --egress` hands it to them.',
  ),
  EGRESS_PORT: variable(
    integer(0, 65_535),
    '3128',
    '3128',
    '`egress`: port to listen on; 0 picks a free one.',
  ),
  EGRESS_HOST: variable(
    off.or(z.string().regex(/^[a-zA-Z0-9.:-]+$/, 'must be an IP address or a host name')),
    '',
    '10.0.0.5',
    '`egress`: address to listen on; empty means all interfaces.',
  ),
  EGRESS_ALLOW_PRIVATE: variable(
    networks,
    '',
    '10.20.0.0/16',
    '`egress`: the private networks (CIDR) that allowed hosts may live in. Empty: none, so that no name leads to the machines beside the proxy.',
  ),
  EGRESS_REVOKED: variable(
    sandboxIds,
    '',
    '83792513-cd9e-428f-99c0-63c63bc7739c',
    '`egress`: ids of sandboxes whose credential is good no more.',
  ),
  EGRESS_REVOKED_FILE: variable(
    off.or(z.string().max(4096)),
    '',
    '/var/lib/daytona-proxy/egress-revoked',
    '`egress`: a file with more of them, one on each line, which is read anew when it changes.',
  ),
  EGRESS_MAX_CONNECTIONS: variable(
    integer(1, 1_000_000),
    '5000',
    '5000',
    '`egress`: open connections in all; a further one is closed at once.',
  ),
  EGRESS_MAX_CONNECTIONS_PER_SANDBOX: count('256', '`egress`: open connections of one sandbox'),
  EGRESS_WINDOW_MS: time(
    '60000',
    '`egress`: length of the window of the limits below, in ms.',
    100,
  ),
  EGRESS_MAX_REQUESTS: count('60000', '`egress`: requests and tunnels in all, in a window'),
  EGRESS_MAX_REQUESTS_PER_SANDBOX: count(
    '1200',
    '`egress`: requests and tunnels of one sandbox, in a window',
  ),
  EGRESS_MAX_BYTES: bytes('50000000000', '`egress`: bytes both ways in all, in a window'),
  EGRESS_MAX_BYTES_PER_SANDBOX: bytes(
    '2000000000',
    '`egress`: bytes both ways of one sandbox, in a window',
  ),
  EGRESS_CONNECT_TIMEOUT_MS: time(
    '10000',
    '`egress`: how long finding and connecting to a host may take, in ms.',
  ),
  EGRESS_IDLE_TIMEOUT_MS: time(
    '3600000',
    '`egress`: a connection on which no byte moves for so long is closed, in ms; 0 never closes one.',
    0,
  ),
} satisfies Record<string, Variable<unknown>>;
