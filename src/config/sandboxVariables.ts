import { z } from 'zod';
import { integer, time, type Variable, variable } from './schemas.ts';

/** What is known of sandboxes, and what keeps them awake. */
export const sandboxVariables = {
  CACHE_TTL: time('300000', 'How long a preview link is kept, in ms.'),
  STALE_IF_ERROR_MS: time(
    '3600000',
    'How much longer the last answer about a sandbox serves while the Daytona API is down, in ms.',
    0,
  ),
  DAYTONA_EVENTS: variable(
    z.enum(['auto', 'off']),
    'auto',
    'auto',
    'Whether Daytona’s event stream keeps the cache true, where the key allows it (`auto`), or time alone (`off`).',
  ),
  LOOKUP_MISSES_PER_CLIENT: variable(
    integer(0, 1_000_000),
    '100',
    '100',
    'API calls about sandboxes that do not exist, for one client in a window of the rate limit; 0 switches the limit off.',
  ),
  LOOKUP_MISSES: variable(
    integer(0, 1_000_000),
    '1000',
    '1000',
    'The same for all clients together.',
  ),
  WAKE: variable(
    z.enum(['off', 'navigation', 'any']),
    'navigation',
    'navigation',
    'What starts a sandbox that is stopped or archived: nothing (`off`), a page or a write (`navigation`), also other requests and WebSockets (`any`).',
  ),
  WAKE_HOLD_MS: time(
    '25000',
    'How long a program’s request is held while its sandbox starts, in ms.',
    0,
  ),
  WAKE_COOLDOWN_MS: time('30000', 'No second start of a sandbox within this time, in ms.', 1000),
  WAKE_MAX: variable(
    integer(1, 10_000),
    '20',
    '20',
    'Sandboxes that may be on their way up at the same time.',
  ),
  ACTIVITY: variable(
    z.enum(['traffic', 'connection', 'edge']),
    'traffic',
    'traffic',
    'What keeps a sandbox from its automatic stop: requests and bytes of visitors (`traffic`), also open connections (`connection`), whatever Daytona counts itself (`edge`).',
  ),
} satisfies Record<string, Variable<unknown>>;
