import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { resolveBy } from '../../../src/egress/resolve.ts';
import { startDnsServer } from '../../support/dnsServer.ts';
import { type EgressRig, outside, startEgressRig } from '../../support/egressRig.ts';

let dns: Awaited<ReturnType<typeof startDnsServer>>;
let rig: EgressRig | undefined;
beforeEach(async () => {
  dns = await startDnsServer({ [`api.${outside}`]: '127.0.0.1' });
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  dns.close();
});
const start = async (env: Record<string, string> = {}) => {
  const resolve = resolveBy([dns.server]);
  rig = await startEgressRig({ allow: `*.${outside}:#`, resolve, env });
  return rig;
};
const codeOf = (received: string) => /x-proxy-error: (\w+)/i.exec(received)?.[1];

test('names whose servers are silent hold up no other name', async () => {
  const { tunnel, port } = await start({ EGRESS_CONNECT_TIMEOUT_MS: '2000' });
  let waiting = 40;
  const silent = Array.from({ length: waiting }, async (_each, i) => {
    const { received } = await tunnel(`silent${i}.${outside}:${port}`, 'a');
    waiting -= 1;
    return codeOf(received);
  });
  const good = await tunnel(`api.${outside}:${port}`, 'b');
  expect(good.received).toMatch(/^HTTP\/1\.1 200 /);
  expect(waiting).toBe(40);
  good.socket.destroy();
  expect(new Set(await Promise.all(silent))).toEqual(new Set(['HOST_TIMEOUT']));
});

test('a name that does not exist, and servers that nobody can ask, are told apart', async () => {
  const { tunnel, port } = await start();
  const none = await tunnel(`none.${outside}:${port}`);
  expect(codeOf(none.received)).toBe('HOST_UNKNOWN');
  dns.close();
  const { received } = await tunnel(`api.${outside}:${port}`);
  expect(codeOf(received)).toBe('HOST_UNREACHABLE');
  expect(received).toContain('ECONNREFUSED');
  dns = await startDnsServer({});
});
