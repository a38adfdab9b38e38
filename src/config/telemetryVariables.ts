import { z } from 'zod';
import { integer, off, type Variable, variable } from './schemas.ts';

/** How operators see what goes on. */
export const telemetryVariables = {
  METRICS_PORT: variable(
    off.or(integer(0, 65_535)),
    '',
    '9464',
    'Serves `/metrics` on a port of its own, to everybody who reaches it, and no longer beside `/stats`. Empty: there, for whoever may read `/stats`.',
  ),
  METRICS_HOST: variable(
    z.string().regex(/^[a-zA-Z0-9.:-]+$/, 'must be an IP address or a host name'),
    '127.0.0.1',
    '127.0.0.1',
    'Address of `METRICS_PORT`; `0.0.0.0` or `::` for all interfaces.',
  ),
  LOG_SAMPLE: variable(
    integer(1, 1_000_000),
    '1',
    '10',
    'Of ordinary requests one in so many has an access line, chosen at random; errors, the app’s too, what took a second or more, writes to pages of ours, WebSockets and event streams always have one.',
  ),
} satisfies Record<string, Variable<unknown>>;
