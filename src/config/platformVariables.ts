import { z } from 'zod';
import { httpUrl, integer, off, time, truth, type Variable, variable } from './schemas.ts';

/** In the place of Daytona's own proxy, under the names by which that one is configured. */
export const platformVariables = {
  MODE: variable(
    z.enum(['preview', 'platform']),
    'preview',
    'preview',
    'Where sandboxes are reached: at Daytona’s preview edge (`preview`), or on their runners, in the place of a self-hosted Daytona’s own proxy (`platform`).',
  ),
  PROXY_API_KEY: variable(
    off.or(z.string().regex(/^[\x21-\x7e]+$/, 'must be one word of printable ASCII')),
    '',
    'the-proxy-key-of-your-platform',
    '`platform`: the key that the Daytona API knows its proxy by. Required there.',
    true,
  ),
  PROXY_PORT: variable(
    off.or(integer(0, 65_535)),
    '',
    '4000',
    'The same as `PORT`, which wins where both are set.',
  ),
  PROXY_PROTOCOL: variable(
    off.or(z.enum(['http', 'https'])),
    '',
    'https',
    'How visitors reach us, where neither TLS of our own nor a trusted proxy’s `X-Forwarded-Proto` says so.',
  ),
  RUNNER_CACHE_TTL_MS: time(
    '120000',
    '`platform`: how long the runner of a sandbox is kept, in ms.',
  ),
  PUBLIC_CACHE_TTL_MS: time(
    '120000',
    '`platform`: how long it is kept whether a sandbox is public, in ms.',
  ),
  KEY_CACHE_TTL_MS: time(
    '120000',
    'How long a key, JWT or token that Daytona has found valid counts without another look, in ms.',
  ),
  FOLLOW_REDIRECTS: variable(
    integer(0, 10),
    '0',
    '10',
    '`platform`: redirects within the same sandbox that are followed for the visitor; 0 passes all on.',
  ),
  TOOLBOX_ONLY_MODE: variable(
    truth,
    'false',
    'true',
    '`platform`: whether only Daytona’s own ports and `/toolbox` are served.',
  ),
  PREVIEW_WARNING_ENABLED: variable(
    truth,
    'false',
    'true',
    '`platform`: whether people see a warning before a preview, once a day.',
  ),
  OIDC_PUBLIC_DOMAIN: variable(
    off.or(httpUrl),
    '',
    'http://localhost:5556/dex',
    'The address of the provider for browsers, where `OIDC_DOMAIN` is one that only servers reach.',
  ),
  COOKIE_DOMAIN: variable(
    off.or(z.string().max(253)),
    '',
    '.proxy.example.com',
    'Daytona’s own proxy shares its cookies among all previews; ours never are, so this is without effect.',
  ),
  SHUTDOWN_TIMEOUT_SEC: variable(
    off.or(integer(0, 86_400)),
    '',
    '30',
    'The same as `SHUTDOWN_TIMEOUT_MS` in seconds, which wins where both are set.',
  ),
} satisfies Record<string, Variable<unknown>>;

type Environment = Readonly<Record<string, string | undefined>>;

/** Has what is set under a name of Daytona's own proxy stand for ours, where that is not set. */
export function withStandIns(env: Environment): Environment {
  const { PORT, PROXY_PORT, SHUTDOWN_TIMEOUT_MS, SHUTDOWN_TIMEOUT_SEC } = env;
  const seconds = SHUTDOWN_TIMEOUT_SEC?.trim() ?? '';
  return {
    ...env,
    PORT: PORT?.trim() || PROXY_PORT,
    SHUTDOWN_TIMEOUT_MS:
      SHUTDOWN_TIMEOUT_MS?.trim() || (/^\d{1,5}$/.test(seconds) ? `${seconds}000` : undefined),
  };
}
