import type { FinishedExchange } from '../../src/telemetry/observer.ts';
import { Timeline } from '../../src/telemetry/timeline.ts';

/** An ordinary request that is over. */
export const finishedRequest: FinishedExchange = {
  requestId: 'r',
  traceId: 't',
  kind: 'request',
  method: 'GET',
  host: '3000-abc.example.com',
  path: '/',
  status: 200,
  code: undefined,
  client: '203.0.113.9',
  sandbox: { id: 'abc', port: 3000 },
  carried: true,
  durationMs: 12,
  phases: new Timeline(),
  firstByteMs: 10,
  bytesUp: 0,
  bytesDown: 5,
  cache: 'hit',
  retries: 0,
  healed: 0,
  upstream: 'edge.test:443',
};
