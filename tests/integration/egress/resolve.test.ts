import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { resolveBy } from '../../../src/egress/resolve.ts';
import { startDnsServer } from '../../support/dnsServer.ts';
import { outside, startEgressRig } from '../../support/egressRig.ts';

const address = '93.184.215.14';
let dns: Awaited<ReturnType<typeof startDnsServer>>;
beforeEach(async () => {
  dns = await startDnsServer({ 'good.test': address, 'half.test': address });
});
afterEach(() => dns.close());

describe('names', () => {
  test('of which each has an address, none, or nobody to ask, are told apart', async () => {
    const resolve = resolveBy([dns.server]);
    expect(await resolve('good.test')).toEqual([{ address, family: 4 }]);
    expect(await resolve('none.test')).toEqual([]);
    dns.close();
    await expect(resolve('good.test')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('whose servers say nothing of IPv6 are found without much ado', async () => {
    const began = performance.now();
    expect(await resolveBy([dns.server])('half.test')).toEqual([{ address, family: 4 }]);
    expect(performance.now() - began).toBeLessThan(1_900);
  });

  test('are asked of the next server where the first one fails', async () => {
    const failing = await startDnsServer();
    expect(await resolveBy([failing.server, dns.server])('good.test')).toHaveLength(1);
    await expect(resolveBy([failing.server])('good.test')).rejects.toMatchObject({
      code: 'ESERVFAIL',
    });
    failing.close();
  });

  test('of silent servers hold up no other name', async () => {
    const resolve = resolveBy([dns.server]);
    let waiting = 40;
    const silent = Array.from({ length: waiting }, (_each, i) =>
      resolve(`silent${i}.test`).catch(({ code }) => {
        waiting -= 1;
        return code;
      }),
    );
    expect(await resolve('good.test')).toHaveLength(1);
    expect(waiting).toBe(40); // Each has two seconds for its first try alone.
    dns.close();
    await Promise.all(silent);
  });
});

test('a host that nobody can be asked for is another thing than one without an address', async () => {
  const resolve = resolveBy([dns.server]);
  const rig = await startEgressRig({ allow: `*.${outside}:#`, resolve });
  const codeOf = async () => {
    const { received } = await rig.tunnel(`api.${outside}:${rig.port}`);
    return /x-proxy-error: (\w+)/i.exec(received)?.[1];
  };
  expect(await codeOf()).toBe('HOST_UNKNOWN');
  dns.close();
  expect(await codeOf()).toBe('HOST_UNREACHABLE');
  await rig.close();
});
