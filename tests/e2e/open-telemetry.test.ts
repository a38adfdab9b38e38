/** The recipe for OpenTelemetry, loaded into the program by --import. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ask, openWebSocket } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, startProbed } from '../support/program.ts';
import { domain } from '../support/rig.ts';
import { traceparent as given, startTracedRig, type TracedRig } from '../support/tracedRig.ts';

let rig: TracedRig;
let program: Program;

beforeEach(async () => {
  rig = await startTracedRig();
});
afterEach(async () => {
  program.child.kill('SIGKILL');
  await rig.close();
});

const start = async () => {
  program = startProbed(new URL('../../docker/monitoring/openTelemetry.mjs', import.meta.url), {
    DAYTONA_API_KEY: rig.daytona.apiKey,
    DAYTONA_API_URL: rig.daytona.apiUrl,
    PROXY_DOMAIN: domain,
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_FORMAT: 'json',
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_METRICS_EXPORTER: 'none',
    OTEL_LOGS_EXPORTER: 'none',
    OTEL_BSP_SCHEDULE_DELAY: '50',
  });
  const started = await program.line(/start\.listening/);
  return Number(/port (\d+)/.exec(started)?.[1]);
};

test('requests go on below the SDK’s own span, and WebSockets, which it does not know, as they came', async () => {
  const port = await start();
  await ask(port, { host: rig.host(), headers: { traceparent: given } });
  const { socket } = await openWebSocket(port, rig.host(), '/', { traceparent: given });
  socket.terminate();
  const [request, upgrade] = rig.seen.map(({ traceparent }) => traceparent);
  expect(request).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[\da-f]{16}-01$/);
  expect(request).not.toBe(given);
  expect(upgrade).toBe(given);
  const line = await program.line(/"event":"access"/);
  expect(JSON.parse(line).traceId).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('no span has a query or the token of a signed host', async () => {
  const port = await start();
  const id = '3000-83792513-cd9e-428f-99c0-63c63bc7739c';
  const path = '/?DAYTONA_SANDBOX_AUTH_KEY=secret';
  for (const label of ['3000-abcdefgh01234567', 'abcdefgh01234567-3000', id]) {
    await ask(port, { host: `${label}.${domain}:443`, path });
  }
  const told = (name: string) =>
    program.lines.flatMap((line) => new RegExp(`'${name}': '(.*)'`).exec(line)?.[1] ?? []);
  await eventually(() => told('url.query').length >= 3);
  expect(told('url.query')).toEqual(['[hidden]', '[hidden]', '[hidden]']);
  const labels = ['3000-[signed]', '[signed]-3000', id];
  expect(told('server.address')).toEqual(labels.map((label) => `${label}.${domain}`));
});
