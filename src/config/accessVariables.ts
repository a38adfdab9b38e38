import { z } from 'zod';
import {
  exactUrl,
  integer,
  list,
  networks,
  off,
  secrets,
  time,
  type Variable,
  variable,
} from './schemas.ts';

/** `true` for a scheme and host as browsers write them in Origin. */
const isOrigin = (text: string) => URL.canParse(text) && new URL(text).origin === text;

const origins = z.string().transform((text, ctx) => {
  const parts = list(text);
  const wrong = parts.find((part) => !isOrigin(part));
  if (wrong === undefined) return new Set(parts) as ReadonlySet<string>;
  ctx.addIssue(`"${wrong}" is not an origin, such as https://app.example.com`);
  return z.NEVER;
});

const sandboxes = z.string().transform((text, ctx) => {
  const ids = new Set<string>();
  const labels: [string, string][] = [];
  for (const entry of list(text)) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(entry) ?? [];
    if (name !== undefined) labels.push([name, value ?? '']);
    else if (/^[a-z0-9][a-z0-9-]*$/i.test(entry)) ids.add(entry.toLowerCase());
    else {
      ctx.addIssue(`"${entry}" is neither a sandbox's id nor label=value`);
      return z.NEVER;
    }
  }
  return { ids, labels };
});

const lowercase = z
  .string()
  .transform((text) => new Set(list(text.toLowerCase())) as ReadonlySet<string>);

/** Who gets in. */
export const accessVariables = {
  ACCESS_MODE: {
    ...variable(
      z.enum(['open', 'protected', 'private']),
      'open',
      'protected',
      'Who gets in: whoever knows the host (`open`), to private sandboxes only who shows a credential (`protected`), to all only who shows one (`private`).',
    ),
    inPlatform: 'protected',
  },
  ALLOW_SANDBOXES: variable(
    sandboxes,
    '',
    'team=web,83792513-cd9e-428f-99c0-63c63bc7739c',
    'The sandboxes that exist for the outside: ids, and `label=value` pairs of which one must fit. Empty: all.',
  ),
  IP_ALLOW: variable(
    networks,
    '',
    '192.0.2.0/24,2001:db8::/32',
    'Addresses or networks (CIDR) of the only visitors who may come. Empty: all.',
  ),
  IP_DENY: variable(
    networks,
    '',
    '198.51.100.7',
    'Addresses or networks (CIDR) of visitors who may not come, also where `IP_ALLOW` has them.',
  ),
  LABEL_POLICY: variable(
    z.enum(['off', 'tighten', 'full']),
    'tighten',
    'tighten',
    'What a sandbox’s `preview.*` labels may do: nothing (`off`), make access stricter (`tighten`), also looser (`full`).',
  ),
  COOKIE_SECRET: variable(
    secrets,
    '',
    'a-random-text-of-32-characters-or-more',
    'Encrypts sessions. Two, with a comma between: the first encrypts, both decrypt, so that they can be changed. Empty: random at every start, which ends all sessions.',
    true,
  ),
  SESSION_TTL_MS: time('3600000', 'How long a session lives without use, in ms.', 60_000),
  EMBEDDING: variable(
    z.enum(['off', 'partitioned']),
    'off',
    'off',
    'Whether sessions work in frames of other sites, with partitioned cookies (`partitioned`).',
  ),
  EMBEDDING_ORIGINS: variable(
    origins,
    '',
    'https://app.example.com',
    'The origins whose pages may frame a sandbox, with `EMBEDDING=partitioned`.',
  ),
  AUTH_FAILURES_MAX: variable(
    integer(0, 1_000_000),
    '20',
    '20',
    'Failed attempts of one client to get in, in a window of the rate limit, before it has to wait; 0 switches the limit off.',
  ),
  OIDC_ISSUER: variable(
    off.or(exactUrl),
    '',
    'https://accounts.google.com',
    'The OpenID Connect provider at which visitors log in. Empty: the one of the Daytona API, if it names one.',
  ),
  OIDC_DOMAIN: variable(
    off
      .or(exactUrl)
      .or(z.string().regex(/^[a-z0-9.-]+(?::\d+)?$/i, 'must be a host name or a URL')),
    '',
    'example.eu.auth0.com',
    'The same as `OIDC_ISSUER=https://{OIDC_DOMAIN}/`; or, with a scheme, as `OIDC_ISSUER`.',
  ),
  OIDC_CLIENT_ID: variable(
    off.or(z.string().max(1024)),
    '',
    'my-client',
    'Our id at the provider; its redirect address is `https://{PROXY_DOMAIN}/callback`.',
  ),
  OIDC_CLIENT_SECRET: variable(
    off.or(z.string().max(1024)),
    '',
    'a-secret-of-the-provider',
    'Our secret at the provider. Empty: a public client, by PKCE alone.',
    true,
  ),
  OIDC_AUDIENCE: variable(
    off.or(z.string().max(1024)),
    '',
    'https://api.example.com',
    'What access tokens are asked for, where the provider wants it said.',
  ),
  OIDC_SCOPES: variable(
    z.string().regex(/(?:^| )openid(?: |$)/, 'must contain openid'),
    'openid email profile',
    'openid email profile groups',
    'What is asked of the provider about a visitor.',
  ),
  OIDC_ALLOWED_EMAILS: variable(
    lowercase,
    '',
    'ann@example.com,bob@example.com',
    'Who may enter: verified e-mail addresses.',
  ),
  OIDC_ALLOWED_DOMAINS: variable(
    lowercase,
    '',
    'example.com',
    'Who may enter: everybody with a verified e-mail address of these domains.',
  ),
  OIDC_ALLOWED_GROUPS: variable(
    z.string().transform((text) => new Set(list(text)) as ReadonlySet<string>),
    '',
    'developers',
    'Who may enter: everybody whom the provider counts among these groups.',
  ),
  ADMIN_TOKEN: variable(
    off.or(z.string().regex(/^[\x21-\x7e]{32,}$/, 'must have 32 or more printable characters')),
    '',
    'another-random-text-of-32-characters-or-more',
    'Lets its holder make and end share links for every sandbox.',
    true,
  ),
  STATE_FILE: variable(
    off.or(z.string().max(4096)),
    '',
    '/var/lib/daytona-proxy/revoked.jsonl',
    'Where ended share links and logins are remembered. Empty: every restart ends all of them.',
  ),
  CORS_MODE: {
    ...variable(
      z.enum(['app', 'reflect', 'list']),
      'app',
      'app',
      'Who says which other origins may read answers: the sandbox (`app`), or the proxy: all origins (`reflect`), those of `CORS_ORIGINS` (`list`).',
    ),
    inPlatform: 'reflect',
  },
  CORS_ORIGINS: variable(
    origins,
    '',
    'https://app.example.com',
    'The origins that `CORS_MODE=list` lets in, and all that `reflect` may in `protected` and `private`.',
  ),
} satisfies Record<string, Variable<unknown>>;
