import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ask, openWebSocket } from '../../support/client.ts';
import { eventually } from '../../support/eventually.ts';
import { traceparent as given, startTracedRig, type TracedRig } from '../../support/tracedRig.ts';

let rig: TracedRig;

beforeEach(async () => {
  rig = await startTracedRig();
});
afterEach(() => rig.close());

const traced = () => eventually(() => rig.logs().some(({ event }) => event === 'access'));
const traceIds = () =>
  rig.logs().flatMap(({ event, traceId }) => (event === 'access' ? [traceId] : []));

describe('a trace', () => {
  test('of a visitor’s goes on to the sandbox as it came, and stands in the log', async () => {
    const headers = { traceparent: given, tracestate: 'vendor=1' };
    await ask(rig.proxy.port, { host: rig.host(), headers });
    expect(rig.seen[0]).toMatchObject(headers);
    await traced();
    expect(traceIds()).toEqual(['4bf92f3577b34da6a3ce929d0e0e4736']);
  });

  test('begins here where there is none, with the id of the request', async () => {
    const { headers } = await ask(rig.proxy.port, { host: rig.host() });
    await traced();
    expect(traceIds()).toEqual([undefined]);
    const id = String(headers['x-request-id']).replaceAll('-', '');
    expect(rig.seen[0]?.traceparent).toMatch(new RegExp(`^00-${id}-[\\da-f]{16}-01$`));
    expect(rig.seen[0]?.tracestate).toBeUndefined();
  });

  test('that is not valid does not go on, nor its state, nor a second one beside it', async () => {
    await ask(rig.proxy.port, {
      host: rig.host(),
      headers: { traceparent: [given, given], TraceState: 'a=1', trace_parent: 'x' },
    });
    expect(rig.seen[0]?.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-01$/);
    expect(rig.seen[0]?.traceparent).not.toContain(given.slice(3, 35));
    expect(rig.seen[0]?.tracestate).toBeUndefined();
  });

  test('goes with a WebSocket’s handshake too', async () => {
    const { socket } = await openWebSocket(rig.proxy.port, rig.host(), '/', { traceparent: given });
    expect(rig.seen[0]?.traceparent).toBe(given);
    socket.terminate();
  });
});
