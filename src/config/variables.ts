import { z } from 'zod';
import { accessVariables } from './accessVariables.ts';
import { brandVariables } from './brandVariables.ts';
import { egressVariables } from './egressVariables.ts';
import { platformVariables } from './platformVariables.ts';
import { sandboxVariables } from './sandboxVariables.ts';
import {
  domains,
  flag,
  httpUrl,
  integer,
  networks,
  off,
  time,
  type Variable,
  variable,
} from './schemas.ts';
import { storeVariables } from './storeVariables.ts';
import { telemetryVariables } from './telemetryVariables.ts';
import { tlsVariables } from './tlsVariables.ts';

export type { Variable } from './schemas.ts';

/** Every environment variable of the proxy. The README's table and `.env.example` follow it. */
export const variables = {
  DAYTONA_API_KEY: {
    ...variable(
      off.or(z.string().regex(/^[\x21-\x7e]+$/, 'must be one word of printable ASCII')),
      undefined,
      'dtn_0123456789abcdef',
      'Your Daytona API key. It opens every sandbox of the organization.',
      true,
    ),
    inPlatform: '',
  },
  DAYTONA_API_URL: variable(
    httpUrl,
    'https://app.daytona.io/api',
    'https://app.daytona.io/api',
    'Base URL of the Daytona API; for a self-hosted one `http://localhost:3000/api`.',
  ),
  DAYTONA_API_TIMEOUT_MS: time('5000', 'Deadline of one API call, in ms.'),
  PORT: {
    ...variable(integer(0, 65_535), '3002', '3002', 'Port to listen on; 0 picks a free one.'),
    inPlatform: '4000',
  },
  HOST: variable(
    off.or(z.string().regex(/^[a-zA-Z0-9.:-]+$/, 'must be an IP address or a host name')),
    '',
    '127.0.0.1',
    'Address to listen on; empty means all interfaces.',
  ),
  ...tlsVariables,
  PROXY_DOMAIN: variable(
    domains,
    '',
    'proxy.example.com',
    'Your domain, or several separated by commas. Empty serves any domain.',
  ),
  HOST_FORMAT: variable(
    z.enum(['auto', 'port-first', 'id-first']),
    'auto',
    'auto',
    'Accepted hosts: `port-first` (`3000-id`), `id-first` (`id-3000`), or `auto` for both.',
  ),
  MAX_CONNECTIONS: variable(
    integer(1, 1_000_000),
    '20000',
    '20000',
    'Open client connections in all; a further one is closed at once. Fewer where the process may not open two files for each, which a warning says at the start.',
  ),
  MAX_CONNECTIONS_PER_CLIENT: variable(
    integer(0, 1_000_000),
    '1000',
    '1000',
    'Open connections of one client, counted by its address (behind `TRUSTED_PROXIES`: its open requests and WebSockets); 0 switches the limit off.',
  ),
  MAX_CONNECTIONS_PER_SANDBOX: variable(
    integer(0, 1_000_000),
    '2000',
    '2000',
    'Open requests and WebSockets of one sandbox; 0 switches the limit off.',
  ),
  MAX_HEADER_BYTES: variable(
    integer(1_024, 1_048_576),
    '16384',
    '16384',
    'Largest head of a request or of an answer, in bytes.',
  ),
  HEADERS_TIMEOUT_MS: time('10000', 'How long a client may take to send its head, in ms.', 1000),
  CONNECT_TIMEOUT_MS: time('3000', 'How long connecting to a sandbox may take, in ms.'),
  UPGRADE_TIMEOUT_MS: time(
    '10000',
    'How long a sandbox may take to answer a WebSocket’s handshake, in ms.',
  ),
  UPLOAD_STALL_TIMEOUT_MS: time(
    '300000',
    'How long a sandbox, or a host outside (`egress`), may read nothing of an unfinished upload, in ms; 0 is without end.',
    0,
  ),
  WS_IDLE_TIMEOUT_MS: time(
    '3600000',
    'A WebSocket on which no byte moves for so long is closed, in ms; 0 never closes one.',
    0,
  ),
  ...sandboxVariables,
  ORIGIN_MODE: variable(
    z.enum(['local', 'preserve', 'upstream', 'strip']),
    'local',
    'local',
    'What the app sees as `Origin` when it is the visitor’s own host: `http://localhost:{port}` (`local`), unchanged (`preserve`), the preview host (`upstream`), nothing (`strip`).',
  ),
  ALLOW_PRIVATE_UPSTREAMS: variable(
    flag,
    '',
    'true',
    'Whether sandboxes may live on private addresses. Empty: only if the Daytona API does.',
  ),
  TRUSTED_PROXIES: variable(
    networks,
    '',
    '127.0.0.1/32,::1/128',
    'Addresses or networks (CIDR) of the proxies in front of this one, whose forwarding headers count.',
  ),
  RATE_LIMIT_WINDOW_MS: time('60000', 'Length of the rate limit’s window, in ms.', 1000),
  RATE_LIMIT_MAX: variable(
    integer(0, 1_000_000_000),
    '3000',
    '3000',
    'Requests and upgrades of one client in a window; 0 switches the limit off.',
  ),
  STATS_TOKEN: variable(
    off.or(z.string().regex(/^[\x21-\x7e]{16,}$/, 'must have 16 or more printable characters')),
    '',
    'a-long-random-word',
    'Opens `/stats`, as `Authorization: Bearer …`, or entered once in a browser. Empty: the machine itself may read it.',
    true,
  ),
  LOG_LEVEL: variable(
    z.enum(['error', 'warn', 'info', 'debug']),
    'info',
    'info',
    '`error`, `warn`, `info` or `debug`.',
  ),
  LOG_FORMAT: variable(
    off.or(z.enum(['pretty', 'json'])),
    '',
    'json',
    '`pretty` or `json`. Empty: pretty on a terminal, else JSON.',
  ),
  ...telemetryVariables,
  SHUTDOWN_TIMEOUT_MS: time('30000', 'How long open work may take after SIGTERM, in ms.', 0),
  DRAIN_DELAY_MS: time(
    '0',
    'How long new connections are accepted after SIGTERM, while `/ready` already says 503, in ms.',
    0,
  ),
  DRAIN_SPREAD_MS: time(
    '5000',
    'Over how long the ends of WebSockets and event streams are spread at a stop, in ms.',
    0,
  ),
  ...brandVariables,
  ...accessVariables,
  ...storeVariables,
  ...platformVariables,
  ...egressVariables,
} satisfies Record<string, Variable<unknown>>;
