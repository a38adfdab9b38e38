import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { expect, test } from '@jest/globals';
import { describeWith, freePorts } from '../support/binary.ts';
import { makeCertificate } from '../support/certificate.ts';
import { ask } from '../support/client.ts';
import { eventually } from '../support/eventually.ts';
import { startProgram } from '../support/program.ts';
import { startRedis } from '../support/redis.ts';
import { type Rig, startRig } from '../support/rig.ts';

describeWith('redis-server', 'a proxy whose Redis is not as it should be', () => {
  const startAlone = (REDIS_URL: string) =>
    startRig({ env: { REDIS_URL, COOKIE_SECRET: 's'.repeat(32) } });
  const says = (rig: Rig, wanted: string) =>
    eventually(() => rig.logs().some(({ event }) => event === wanted));

  test('starts soon without it, says so, and finds it later', async () => {
    const redis = await startRedis();
    await redis.kill();
    const began = performance.now();
    const rig = await startAlone(redis.url);
    try {
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(await says(rig, 'store.lost')).toBe(true);
      await redis.restart();
      expect(await says(rig, 'store.back')).toBe(true);
    } finally {
      await rig.close();
      await redis.close();
    }
  });

  test('starts soon where it says nothing', async () => {
    const redis = await startRedis();
    redis.pause();
    const began = performance.now();
    const rig = await startAlone(redis.url);
    try {
      expect(performance.now() - began).toBeLessThan(3_000);
      expect(await says(rig, 'store.lost')).toBe(true);
    } finally {
      redis.resume();
      await rig.close();
      await redis.close();
    }
  });

  test('stops at once though it says nothing', async () => {
    const redis = await startRedis();
    const program = startProgram({
      ...{ DAYTONA_API_KEY: 'k', HOST: '127.0.0.1', PORT: '0', COOKIE_SECRET: 's'.repeat(32) },
      REDIS_URL: redis.url,
    });
    try {
      await program.line(/start\.listening/);
      redis.pause();
      await program.line(/store\.lost/);
      program.child.kill('SIGTERM');
      expect(await program.exit).toBe(0);
    } finally {
      await redis.close();
    }
  });

  test('gives up a connection on which nothing comes back, and makes another', async () => {
    const redis = await startRedis();
    const relay = await startRelay(redis.port);
    const rig = await startAlone(`redis://127.0.0.1:${relay.port}`);
    try {
      relay.silence();
      expect(await says(rig, 'store.lost')).toBe(true);
      expect(await says(rig, 'store.back')).toBe(true);
      expect(relay.connections()).toBe(2);
    } finally {
      await rig.close();
      await relay.close();
      await redis.close();
    }
  });

  test('speaks TLS to it, and to nobody whose certificate is not good', async () => {
    const certificate = makeCertificate(['localhost']);
    const { certPath, keyPath } = certificate;
    const [port] = await freePorts();
    const redis = await startRedis(
      ...['--tls-port', String(port), '--tls-auth-clients', 'no'],
      ...['--tls-cert-file', certPath, '--tls-key-file', keyPath],
    );
    const storeWith = async (more: Record<string, string>) => {
      const program = startProgram({
        DAYTONA_API_KEY: 'k',
        HOST: '127.0.0.1',
        PORT: '0',
        COOKIE_SECRET: 's'.repeat(32),
        REDIS_HOST: 'localhost',
        REDIS_PORT: String(port),
        REDIS_TLS: 'true',
        ...more,
      });
      try {
        const line = await program.line(/start\.listening/);
        const own = Number(/port (\d+)/.exec(line)?.[1]);
        const { body } = await ask(own, { host: 'localhost', path: '/health' });
        return JSON.parse(body).cache.store;
      } finally {
        program.child.kill('SIGKILL');
        await program.exit;
      }
    };
    try {
      expect(await storeWith({ NODE_EXTRA_CA_CERTS: certPath })).toBe('redis');
      expect(await storeWith({})).toBe('memory (redis is down)');
    } finally {
      await redis.close();
      certificate.remove();
    }
  });

  test('says once that it is too old, and goes on', async () => {
    const redis = await startRedis();
    const older = (text: string) => text.replace(/redis_version:(\d+\.\d+)/, 'redis_version:6.0');
    const relay = await startRelay(redis.port, older);
    const rig = await startAlone(`redis://127.0.0.1:${relay.port}`);
    try {
      expect(await says(rig, 'store.old')).toBe(true);
      relay.silence();
      expect(await says(rig, 'store.back')).toBe(true);
      const said = rig.logs().filter(({ event }) => event === 'store.old');
      expect(said).toEqual([
        expect.objectContaining({ level: 'error', version: expect.stringMatching(/^6\.0\./) }),
      ]);
    } finally {
      await rig.close();
      await relay.close();
      await redis.close();
    }
  });

  test('is told of a wrong password in the log, without it', async () => {
    const redis = await startRedis('--requirepass', 'the right one');
    const rig = await startAlone(redis.url.replace('//', '//:a-wrong-one@'));
    try {
      expect(await says(rig, 'store.lost')).toBe(true);
      expect(rig.logs()[0]).toMatchObject({ level: 'warn' });
      expect(String(rig.logs()[0]?.message)).toContain('WRONGPASS');
      expect(JSON.stringify(rig.logs())).not.toContain('a-wrong-one');
    } finally {
      await rig.close();
      await redis.close();
    }
  });
});

/**
 * Hands bytes on, until it keeps those of all its present connections to itself.
 *
 * @param alter changes what Redis says, and not how long it is
 */
async function startRelay(to: number, alter = (text: string) => text) {
  const pairs = new Set<[net.Socket, net.Socket]>();
  let count = 0;
  const server = net.createServer((near) => {
    count += 1;
    const far = net.connect(to, '127.0.0.1');
    pairs.add([near, far]);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.pipe(far);
    const altered = new Transform({
      transform: (chunk: Buffer, _encoding, done) =>
        done(null, Buffer.from(alter(chunk.toString('latin1')), 'latin1')),
    });
    far.pipe(altered).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => count,
    silence: () => {
      for (const [near, far] of pairs) {
        near.unpipe(far).resume();
        far.unpipe().resume();
      }
    },
    close: async () => {
      for (const pair of pairs) for (const socket of pair) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
