/**
 * Guarantee: a restart is not noticed. Load balancers hear of it first; WebSockets close as those of
 * a restarting server do, between two frames; event streams end between two events; requests on
 * old connections are answered.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { BothEnds } from '../support/bothEnds.ts';
import { ask, open } from '../support/client.ts';
import { masked, unmasked } from '../support/masking.ts';
import { RawConnection } from '../support/rawConnection.ts';

const env = { SHUTDOWN_TIMEOUT_MS: '20000', DRAIN_SPREAD_MS: '200' };
/** A message of three letters, as a server sends it. */
const message = (text: string) => Buffer.concat([Buffer.from([0x81, 3]), Buffer.from(text)]);
const restart = Buffer.concat([
  Buffer.from([0x88, 17, 0x03, 0xf4]),
  Buffer.from('service restart'),
]);
const leaving = Buffer.from([0x88, 2, 0x03, 0xe9]);

let ends: BothEnds;
afterEach(() => ends?.close());

describe('WebSockets', () => {
  test('close on both sides, and end with a FIN', async () => {
    ends = await BothEnds.start(env);
    const { client, sandbox } = await ends.open('webSocket');
    const [seen, inside] = [new Heard(client), new Heard(sandbox)];
    const { exit } = await ends.proxy.stop();
    await seen.bytes(restart.length);
    expect(seen.all).toEqual(restart);
    sandbox.write(message('not'));
    client.write(Buffer.concat([masked(message('yes')), masked(restart)]));
    await inside.ended;
    expect(inside.all.subarray(0, 9)).toEqual(masked(message('yes')));
    expect(unmasked(inside.all.subarray(9))).toEqual(leaving);
    sandbox.end(leaving);
    await seen.ended;
    expect(seen.all).toEqual(restart);
    client.end();
    expect(await exit).toBe(0);
    expect([seen.failed, inside.failed]).toEqual([undefined, undefined]);
  });

  test('close behind a frame that is cut in half at the moment of the signal', async () => {
    ends = await BothEnds.start(env);
    const { client, sandbox } = await ends.open('webSocket');
    const [seen, inside] = [new Heard(client), new Heard(sandbox)];
    const [down, up] = [message('abc'), masked(message('xyz'))];
    sandbox.write(down.subarray(0, 1));
    client.write(up.subarray(0, 7));
    await Promise.all([seen.bytes(1), inside.bytes(7)]);
    const { exit } = await ends.proxy.stop();
    sandbox.write(down.subarray(1, 4));
    await seen.bytes(4);
    sandbox.write(Buffer.concat([down.subarray(4), message('not')]));
    await seen.bytes(down.length + restart.length);
    expect(seen.all).toEqual(Buffer.concat([down, restart]));
    client.write(up.subarray(7));
    await inside.bytes(up.length);
    client.end(masked(restart));
    await inside.ended;
    expect(inside.all.subarray(0, up.length)).toEqual(up);
    expect(unmasked(inside.all.subarray(up.length))).toEqual(leaving);
    sandbox.end();
    await seen.ended;
    expect(await exit).toBe(0);
    expect([seen.failed, inside.failed]).toEqual([undefined, undefined]);
  });

  test('close although the visitor does not answer', async () => {
    ends = await BothEnds.start(env);
    const { client, sandbox } = await ends.open('webSocket');
    const [seen, inside] = [new Heard(client), new Heard(sandbox)];
    const { exit } = await ends.proxy.stop();
    await Promise.all([seen.ended, inside.ended]);
    expect(seen.all).toEqual(restart);
    expect(unmasked(inside.all)).toEqual(leaving);
    expect(await exit).toBe(0);
  });

  test('whose handshake is under way complete it first', async () => {
    ends = await BothEnds.start({ ...env, DRAIN_SPREAD_MS: '0' });
    const { client, sandbox, accept, answered } = await ends.ask('webSocket');
    const { exit } = await ends.proxy.stop();
    const seen = new Heard(client);
    accept();
    await answered;
    client.resume();
    await seen.text(restart.toString('latin1'));
    expect(String(seen.all)).toMatch(/^HTTP\/1\.1 101 /);
    client.end(masked(restart));
    sandbox.resume().end();
    expect(await exit).toBe(0);
  });

  test('that close by themselves are left to it', async () => {
    ends = await BothEnds.start(env);
    const { client, sandbox } = await ends.open('webSocket');
    const [seen, inside] = [new Heard(client), new Heard(sandbox)];
    const goodbye = Buffer.from([0x88, 2, 0x03, 0xe8]);
    sandbox.write(goodbye);
    await seen.bytes(goodbye.length);
    const { exit } = await ends.proxy.stop();
    client.write(masked(goodbye));
    await inside.bytes(8);
    sandbox.end();
    client.end();
    await Promise.all([seen.ended, inside.ended]);
    expect([seen.all, unmasked(inside.all)]).toEqual([goodbye, goodbye]);
    expect(await exit).toBe(0);
  });

  test('whose bytes are no frames end without one of ours', async () => {
    ends = await BothEnds.start(env);
    const { client, sandbox } = await ends.open('webSocket');
    const [seen, inside] = [new Heard(client), new Heard(sandbox)];
    sandbox.write('xyz');
    await seen.bytes(3);
    const { exit } = await ends.proxy.stop();
    await Promise.all([seen.ended, inside.ended]);
    expect([String(seen.all), inside.all.length]).toEqual(['xyz', 0]);
    expect(await exit).toBe(0);
  });
});

describe('event streams', () => {
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

  test('end behind the event that is under way, and their connection with them', async () => {
    ends = await BothEnds.start(env);
    const { client, sandbox } = await ends.open('events');
    const seen = new Heard(client);
    sandbox.write(chunk('data: 1\n\nda'));
    await seen.text('data: 1\n\nda\r\n');
    const { exit } = await ends.proxy.stop();
    sandbox.write(chunk('ta: 2\n'));
    await seen.text('ta: 2\n');
    sandbox.write(chunk('\ndata: 3'));
    await seen.ended;
    expect(String(seen.all)).toBe(
      chunk('data: 1\n\nda') + chunk('ta: 2\n') + chunk('\n') + chunk(''),
    );
    client.end();
    expect(await exit).toBe(0);
    expect(seen.failed).toBeUndefined();
  });

  test('end whole before the deadline where no event comes to its end', async () => {
    ends = await BothEnds.start({ ...env, SHUTDOWN_TIMEOUT_MS: '1000' });
    const { client, sandbox } = await ends.open('events');
    const seen = new Heard(client);
    sandbox.write(chunk('data: 1'));
    await seen.text('data: 1');
    const { exit } = await ends.proxy.stop();
    await seen.ended;
    expect(String(seen.all)).toBe(chunk('data: 1') + chunk(''));
    expect(await exit).toBe(0);
  });
});

describe('connections', () => {
  const health = 'GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n';

  test('that are old have their request answered, and are told that it was the last', async () => {
    ends = await BothEnds.start(env);
    const connection = await RawConnection.open(ends.proxy.port);
    connection.send(health);
    expect((await connection.read())?.fields).not.toContain('Connection: close');
    const { exit } = await ends.proxy.stop();
    connection.send(health);
    const answer = await connection.read();
    expect(answer?.status).toBe(200);
    expect(answer?.fields).toContain('Connection: close');
    await connection.closed();
    expect(await exit).toBe(0);
  });

  test('that are idle end with a FIN after a second', async () => {
    ends = await BothEnds.start(env);
    const [used, fresh] = await Promise.all([
      RawConnection.open(ends.proxy.port),
      RawConnection.open(ends.proxy.port),
    ]);
    used.send(health);
    await used.read();
    const ended = [used, fresh].map(({ socket }) => once(socket, 'end'));
    const start = performance.now();
    const { exit } = await ends.proxy.stop();
    await Promise.all(ended);
    expect(performance.now() - start).toBeGreaterThan(900);
    expect(await exit).toBe(0);
    expect(performance.now() - start).toBeLessThan(2_500);
  });

  test('that are none hold up nothing', async () => {
    ends = await BothEnds.start(env);
    const { exit } = await ends.proxy.stop();
    const start = performance.now();
    expect(await exit).toBe(0);
    expect(performance.now() - start).toBeLessThan(900);
  });

  test('are still accepted for a while after /ready says 503', async () => {
    ends = await BothEnds.start({ ...env, DRAIN_DELAY_MS: '2000' });
    const { port } = ends.proxy;
    const get = (path: string) => ask(port, { host: 'localhost', path, headers: keepAlive });
    expect(await get('/ready')).toMatchObject({
      status: 200,
      body: '{"status":"ready","store":"memory"}',
    });
    const start = performance.now();
    const { exit } = await ends.proxy.stop();
    const unready = await get('/ready');
    expect(unready).toMatchObject({ status: 503, body: '{"status":"draining","store":"memory"}' });
    expect(unready.headers.connection).toBe('close');
    expect(await get('/health')).toMatchObject({ status: 200, headers: { connection: 'close' } });
    const { client, sandbox } = await ends.open('webSocket');
    const seen = new Heard(client);
    sandbox.write(message('abc'));
    await seen.bytes(5);
    expect(performance.now() - start).toBeLessThan(2_000);
    await seen.bytes(5 + restart.length);
    expect(performance.now() - start).toBeGreaterThan(1_900);
    await expect(open(port, { host: 'localhost' })).rejects.toThrow('ECONNREFUSED');
    client.end(masked(restart));
    sandbox.resume().end();
    expect(await exit).toBe(0);
  });
});

const keepAlive = { connection: 'keep-alive' };

/** What one end of a connection hears. */
class Heard {
  all = Buffer.alloc(0);
  failed: Error | undefined;
  readonly ended: Promise<void>;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => {
      this.all = Buffer.concat([this.all, chunk]);
    });
    socket.on('error', (error) => {
      this.failed = error;
    });
    this.ended = new Promise((resolve) =>
      socket.once('end', resolve).once('close', () => resolve()),
    );
    socket.resume();
  }

  bytes(count: number): Promise<void> {
    return this.#until(() => this.all.length >= count);
  }

  text(text: string): Promise<void> {
    return this.#until(() => this.all.includes(text, 0, 'latin1'));
  }

  async #until(enough: () => boolean): Promise<void> {
    while (!enough()) await Promise.race([once(this.#socket, 'data'), this.#cut()]);
  }

  async #cut(): Promise<never> {
    await this.ended;
    throw new Error(`ended behind ${JSON.stringify(String(this.all))}`);
  }
}
