import { afterEach, describe, expect, test } from '@jest/globals';
import { startDeafHost } from '../../support/deafHost.ts';
import {
  codeOf,
  type EgressRig,
  outside,
  startEgressRig,
  startRawServer,
  statusOf,
} from '../../support/egressRig.ts';
import { eventually } from '../../support/eventually.ts';
import { Flood } from '../../support/flood.ts';

let rig: EgressRig;
let server: Awaited<ReturnType<typeof startRawServer>> | undefined;
afterEach(async () => {
  await rig?.close();
  await server?.close();
  server = undefined;
});
const start = async (env: Record<string, string>, allow?: string) => {
  rig = await startEgressRig({ env, ...(allow !== undefined && { allow }) });
  return `api.${outside}:${rig.port}`;
};

describe('connections', () => {
  test('of one sandbox are limited, and a place is free again when one ends', async () => {
    const target = await start({ EGRESS_MAX_CONNECTIONS_PER_SANDBOX: '2' });
    const [first, second] = [await rig.tunnel(target, 'a'), await rig.tunnel(target, 'a')];
    const third = await rig.tunnel(target, 'a');
    expect([statusOf(third.received), codeOf(third.received)]).toEqual([
      429,
      'TOO_MANY_CONNECTIONS',
    ]);
    expect(third.received).toContain('EGRESS_MAX_CONNECTIONS_PER_SANDBOX');
    const others = await rig.tunnel(target, 'b');
    expect(statusOf(others.received)).toBe(200);
    first.socket.destroy();
    const free = async () => {
      const again = await rig.tunnel(target, 'a');
      again.socket.destroy();
      return statusOf(again.received) === 200;
    };
    expect(await eventually(free)).toBe(true);
    second.socket.destroy();
    others.socket.destroy();
  });

  test('in all are limited', async () => {
    const target = await start({ EGRESS_MAX_CONNECTIONS: '2' });
    const open = [await rig.tunnel(target, 'a'), await rig.tunnel(target, 'b')];
    const third = await rig.tunnel(target, 'c');
    expect(third.received).toBe('');
    expect(rig.logs('egress.full').length).toBe(1);
    for (const { socket } of open) socket.destroy();
  });

  test('on which nothing comes are closed', async () => {
    await start({ HEADERS_TIMEOUT_MS: '1000' });
    const { RawConnection } = await import('../../support/rawConnection.ts');
    const silent = await RawConnection.open(rig.egress.port);
    await silent.closed();
    expect(silent.received).toBe('');
  });

  test('on which nothing moves are closed', async () => {
    const target = await start({ EGRESS_IDLE_TIMEOUT_MS: '200' });
    const tunnel = await rig.tunnel(target, 'a');
    expect(statusOf(tunnel.received)).toBe(200);
    await tunnel.closed();
  });

  test('whose host reads nothing of what waits for it are closed', async () => {
    server = await startRawServer((socket) => void socket.pause());
    const target = `api.${outside}:${server.port}`;
    await start({ UPLOAD_STALL_TIMEOUT_MS: '500' }, target);
    const silent = await rig.tunnel(target, 'a');
    const { socket } = await rig.tunnel(target, 'a');
    const flood = new Flood(socket, Buffer.alloc(1_000_000));
    await flood.stalled();
    expect(await eventually(() => socket.destroyed)).toBe(true);
    expect(await rig.carried(1)).toMatchObject([{ cut: 'stalled' }]);
    expect(silent.socket.destroyed).toBe(false);
    silent.socket.destroy();
  });

  test('to a host that does not answer at all are given up', async () => {
    const host = await startDeafHost();
    const target = `127.0.0.1:${host.port}`;
    await start({ EGRESS_CONNECT_TIMEOUT_MS: '300' }, target);
    const { received } = await rig.tunnel(target, 'a');
    host.close();
    expect([statusOf(received), codeOf(received)]).toEqual([504, 'HOST_TIMEOUT']);
  });
});

describe('requests in a window', () => {
  test.each([
    ['one sandbox', { EGRESS_MAX_REQUESTS_PER_SANDBOX: '2' }, 200],
    ['all sandboxes', { EGRESS_MAX_REQUESTS: '2' }, 429],
  ])('of %s are limited', async (_whose, env, forOthers) => {
    const target = await start(env);
    for (const expected of [200, 200, 429, 429]) {
      const { socket, received } = await rig.tunnel(target, 'a');
      socket.destroy();
      expect(statusOf(received)).toBe(expected);
      if (expected === 429) expect(received).toMatch(/retry-after: \d+/i);
    }
    const { socket, received } = await rig.tunnel(target, 'b');
    socket.destroy();
    expect(statusOf(received)).toBe(forOthers);
  });

  test('are given anew with the next', async () => {
    const target = await start({ EGRESS_MAX_REQUESTS_PER_SANDBOX: '1', EGRESS_WINDOW_MS: '300' });
    const status = async () => {
      const { socket, received } = await rig.tunnel(target, 'a');
      socket.destroy();
      return statusOf(received);
    };
    expect(await eventually(async () => (await status()) === 429)).toBe(true);
    expect(await eventually(async () => (await status()) === 200)).toBe(true);
  });
});

describe('bytes in a window', () => {
  test.each([
    ['one sandbox', { EGRESS_MAX_BYTES_PER_SANDBOX: '100000' }, 200],
    ['all sandboxes', { EGRESS_MAX_BYTES: '100000' }, 429],
  ])('of %s are limited, also in an open tunnel', async (_whose, env, forOthers) => {
    server = await startRawServer((socket) => {
      const more = () => {
        while (socket.writable && socket.write(Buffer.alloc(16_384)));
      };
      socket.on('drain', more);
      more();
    });
    await start(env, `api.${outside}:${server.port}`);
    const target = `api.${outside}:${server.port}`;
    const flood = await rig.tunnel(target, 'a');
    await flood.closed();
    const again = await rig.tunnel(target, 'a');
    expect([statusOf(again.received), codeOf(again.received)]).toEqual([429, 'TOO_MANY_BYTES']);
    const others = await rig.tunnel(target, 'b');
    others.socket.destroy();
    expect(statusOf(others.received)).toBe(forOthers);
    expect((await rig.carried(1))[0]).toMatchObject({ sandbox: 'a', cut: 'bytes' });
  });
});

test('bytes of a connection that ends at once are charged, and charged once', async () => {
  server = await startRawServer((socket) => void socket.end(Buffer.alloc(30_000)));
  await start({ EGRESS_MAX_BYTES_PER_SANDBOX: '100000' }, `api.${outside}:${server.port}`);
  const statuses: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const tunnel = await rig.tunnel(`api.${outside}:${server.port}`, 'a');
    statuses.push(statusOf(tunnel.received));
    await tunnel.closed();
    expect(await eventually(() => rig.logs('egress.carried').length === Math.min(i + 1, 4))).toBe(
      true,
    );
  }
  expect(statuses).toEqual([200, 200, 200, 200, 429]);
});

describe('what a limit refuses', () => {
  test('is told once a second for each sandbox, however often it is tried', async () => {
    const target = await start({ EGRESS_MAX_REQUESTS_PER_SANDBOX: '1' });
    for (const sandbox of ['a', 'b']) {
      for (let i = 0; i < 20; i += 1) (await rig.tunnel(target, sandbox)).socket.destroy();
    }
    const told = () => rig.logs('egress.limited');
    const sum = (sandbox: string) =>
      told()
        .filter((line) => line.sandbox === sandbox)
        .reduce((all, { count }) => all + Number(count), 0);
    expect(await eventually(() => sum('a') === 19 && sum('b') === 19)).toBe(true);
    expect(told().length).toBeLessThan(8);
    expect(told()[0]).toMatchObject({ sandbox: 'a', code: 'TOO_MANY_REQUESTS', count: 1 });
    expect(rig.logs('egress.refused')).toEqual([]);
  });

  test('does not hide what the list refuses', async () => {
    await start({});
    for (const host of ['x.test', 'y.test']) (await rig.tunnel(`${host}:1`)).socket.destroy();
    expect(rig.logs('egress.refused').map(({ host }) => host)).toEqual(['x.test', 'y.test']);
  });
});
