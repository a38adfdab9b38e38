import { Daytona } from '@daytonaio/sdk';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { io, type ManagerOptions, type Socket } from 'socket.io-client';
import { type EmbeddedDaytona, startDaytona } from '../../../src/demo/daytona.ts';
import { attachEvents } from '../../support/daytonaEvents.ts';
import { eventually } from '../../support/eventually.ts';
import { startRig } from '../../support/rig.ts';

let daytona: EmbeddedDaytona;
const sockets: Socket[] = [];

beforeEach(async () => {
  daytona = await startDaytona({ events: attachEvents });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.disconnect();
  await daytona.close();
});

function socketOf(
  { apiUrl, apiKey }: EmbeddedDaytona,
  options: Partial<ManagerOptions> & { auth?: object } = {},
): Socket {
  const socket = io(new URL(apiUrl).origin, {
    path: '/api/socket.io/',
    transports: ['websocket'],
    auth: { token: apiKey },
    reconnectionDelay: 20,
    forceNew: true,
    ...options,
  });
  sockets.push(socket);
  return socket;
}

/** What comes with the next event of that name. */
function first(socket: Socket, event: string): Promise<unknown> {
  return new Promise((done) => socket.once(event, done));
}

/** Connects with the API key and keeps all that is heard from then on. */
async function listen(from = daytona) {
  const socket = socketOf(from);
  // biome-ignore lint/suspicious/noExplicitAny: what was heard is JSON, and expected field by field.
  const heard: [name: string, event: any][] = [];
  socket.onAny((name, event) => heard.push([name, event]));
  await first(socket, 'connect');
  const reached = (count: number) => eventually(() => heard.length >= count);
  return { socket, heard, reached };
}

describe('events', () => {
  test('tell that a sandbox was made, and all of it, secrets included', async () => {
    const { heard, reached } = await listen();
    const sandbox = daytona.sandboxes.create({ labels: { team: 'a' } });
    await reached(1);
    const { apiKey, apiUrl } = daytona;
    const headers = { authorization: `Bearer ${apiKey}` };
    const shown = await (await fetch(`${apiUrl}/sandbox/${sandbox.id}`, { headers })).json();
    expect(shown).toMatchObject({ id: sandbox.id, env: { APP_SECRET: expect.anything() } });
    expect(heard).toEqual([['sandbox.created', shown]]);
  });

  test('tell every state that a start passes, and the wish for it first', async () => {
    const sandbox = daytona.sandboxes.create({ state: 'archived' });
    const { heard, reached } = await listen();
    const { apiKey, apiUrl } = daytona;
    await new Daytona({ apiKey, apiUrl, useDeprecatedPolling: true })
      .get(sandbox.id)
      .then((view) => view.start());
    await reached(3);
    const { id } = sandbox;
    expect(heard).toMatchObject([
      [
        'sandbox.desired-state.updated',
        {
          sandbox: { id, state: 'archived', desiredState: 'started' },
          oldDesiredState: 'archived',
          newDesiredState: 'started',
        },
      ],
      [
        'sandbox.state.updated',
        {
          sandbox: { id, state: 'restoring', env: { APP_SECRET: expect.anything() } },
          oldState: 'archived',
          newState: 'restoring',
        },
      ],
      ['sandbox.state.updated', { oldState: 'restoring', newState: 'started' }],
    ]);
  });

  test('tell what a test sets, and that a sandbox was deleted', async () => {
    const sandbox = daytona.sandboxes.create();
    const { heard, reached } = await listen();
    sandbox.state = 'stopped';
    daytona.sandboxes.delete(sandbox);
    await reached(4);
    expect(heard.map(([, { newState, newDesiredState }]) => newState ?? newDesiredState)).toEqual([
      'stopped',
      'stopped',
      'destroyed',
      'destroyed',
    ]);
  });

  test('are heard by the SDK, without a call', async () => {
    const sandbox = daytona.sandboxes.create();
    const { apiKey, apiUrl } = daytona;
    await using sdk = new Daytona({ apiKey, apiUrl });
    const view = await sdk.get(sandbox.id);
    // Its connection comes about by itself; until then it hears nothing.
    const changes = () => {
      sandbox.state = sandbox.state === 'started' ? 'stopped' : 'started';
      return view.state === 'stopped';
    };
    expect(await eventually(changes)).toBe(true);
    expect(daytona.calls).toHaveLength(1);
  });

  test.each([
    ['another key', { auth: { token: 'wrong' } }],
    ['no key', { auth: {} }],
    ['anything but a WebSocket', { transports: ['polling'] }],
  ])('are refused to %s', async (_who, options) => {
    const socket = socketOf(daytona, { reconnection: false, ...options });
    await first(socket, 'connect_error');
    expect(socket.connected).toBe(false);
  });

  test('are refused to a key that has not the right, until it has', async () => {
    daytona.faults.eventsRefused = true;
    const socket = socketOf(daytona);
    expect(await first(socket, 'connect_error')).toMatchObject({ message: 'Unauthorized' });
    daytona.faults.reset();
    socket.connect();
    await first(socket, 'connect');
  });

  test('come again after the connection was lost', async () => {
    const { socket, heard, reached } = await listen();
    const back = first(socket, 'connect');
    const lost = first(socket, 'disconnect');
    daytona.dropEvents();
    expect(await lost).toMatch(/^transport/);
    await back;
    daytona.sandboxes.create();
    await reached(1);
    expect(heard).toHaveLength(1);
  });

  test('come no more of themselves after the server has said goodbye', async () => {
    const { socket } = await listen();
    const ended = first(socket, 'disconnect');
    daytona.dropEvents('dismissed');
    expect(await ended).toBe('io server disconnect');
    expect(socket.active).toBe(false);
  });

  test('come again, each once, after the API was away', async () => {
    const { socket, heard, reached } = await listen();
    const gone = first(socket, 'disconnect');
    const back = first(socket, 'connect');
    await daytona.stopApi();
    await gone;
    daytona.sandboxes.create();
    await daytona.startApi();
    await back;
    const { id } = daytona.sandboxes.create();
    await reached(1);
    expect(heard).toMatchObject([['sandbox.created', { id }]]);
  });

  test('are there in a rig that wants them', async () => {
    const rig = await startRig({ events: true });
    const { heard, reached, socket } = await listen(rig.daytona);
    rig.daytona.sandboxes.stop(rig.sandbox);
    await reached(2);
    expect(heard[1]?.[1]).toMatchObject({ sandbox: { id: rig.sandbox.id }, newState: 'stopped' });
    socket.disconnect();
    await rig.close();
  });
});
