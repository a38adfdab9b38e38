/**
 * Attacker: a program in a sandbox that speaks plain HTTP through the egress proxy.
 * Step: it frames a body, names fields in `Connection`, or names hosts in ways that this proxy and
 * the host behind it might read differently.
 * Gain: a second request within the first one's body, for a host that is not allowed.
 * Defence: a body goes on only framed, fields between two neighbours end here, and there is one Host.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { egressPassword } from '../../src/egress/credentials.ts';
import { raw } from '../support/client.ts';
import {
  type EgressRig,
  egressSecret,
  outside,
  sandboxId,
  startEgressRig,
  startPort80,
} from '../support/egressRig.ts';
import { describeWithLowPorts } from '../support/lowPorts.ts';

describeWithLowPorts('heads of plain requests', () => {
  const address = '127.80.80.82';
  const host = `plain.${outside}`;
  let rig: EgressRig;
  let plain: { close(): Promise<void> };
  /** What the host has got, each with its body behind its fields. */
  const got: string[][] = [];
  beforeAll(async () => {
    plain = await startPort80(async (req, res) => {
      let body = '';
      for await (const chunk of req) body += chunk;
      got.push([...req.rawHeaders, body]);
      res.end();
    }, address);
    rig = await startEgressRig({
      allow: `${host}:80,${host}:#`,
      resolve: async () => [{ address, family: 4 }],
    });
  });
  afterAll(async () => {
    await rig?.close();
    await plain?.close();
  });

  const credential = () => {
    const both = `${sandboxId}:${egressPassword(egressSecret, sandboxId)}`;
    return `Proxy-Authorization: Basic ${Buffer.from(both).toString('base64')}\r\n`;
  };
  /** @returns the status, and what the host has got of it */
  async function send(method: string, fields: string, body = '', target = `http://${host}/`) {
    const before = got.length;
    const head = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${credential()}${fields}\r\n`;
    const answer = await raw(rig.egress.port, head + body);
    const values = got.slice(before).flat();
    const all = (name: string) =>
      values.filter((_each, i) => i % 2 === 1 && values[i - 1]?.toLowerCase() === name);
    return { status: Number(answer.slice(9, 12)), all, body: values.at(-1), heads: values };
  }

  describe('a chunked body', () => {
    const chunked = 'Transfer-Encoding: chunked\r\n';

    test.each(['POST', 'PUT', 'PATCH', 'PROPFIND', 'REPORT'])('of %s goes on', async (method) => {
      const { status, body } = await send(method, chunked, '3\r\nabc\r\n0\r\n\r\n');
      expect([status, body]).toEqual([200, 'abc']);
    });

    // Node would send these without any framing.
    test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'])('of %s does not', async (method) => {
      const { status, heads } = await send(method, chunked, '3\r\nabc\r\n0\r\n\r\n');
      expect([status, heads]).toEqual([400, []]);
    });

    test('of another coding does not', async () => {
      const { status, heads } = await send(
        'POST',
        'Transfer-Encoding: gzip, chunked\r\n',
        '0\r\n\r\n',
      );
      expect([status, heads]).toEqual([400, []]);
    });
  });

  test('fields that Connection names end here, and others go on', async () => {
    const fields = 'Connection: X-Hop, close\r\nX-Hop: 1\r\nX-Kept: 2\r\n';
    const { status, all } = await send('GET', fields);
    expect([status, all('x-hop'), all('x-kept')]).toEqual([200, [], ['2']]);
  });

  test('a length that Connection names goes on: without it the body would be the next request', async () => {
    const { status, all, body } = await send(
      'DELETE',
      'Connection: Content-Length\r\nContent-Length: 3\r\n',
      'abc',
    );
    expect([status, all('content-length'), body]).toEqual([200, ['3'], 'abc']);
  });

  test('Via is ours alone: hosts do not learn what stands within', async () => {
    const { all } = await send('GET', 'Via: 1.1 within.test\r\n');
    expect(all('via')).toEqual(['1.1 daytona-proxy-egress']);
  });

  describe('a second Host', () => {
    test('of a plain request is refused', async () => {
      const { status, heads } = await send('GET', 'Host: other.test\r\n');
      expect([status, heads]).toEqual([400, []]);
    });

    test('of a tunnel is refused', async () => {
      const { status } = await send('CONNECT', 'Host: other.test\r\n', '', `${host}:${rig.port}`);
      expect(status).toBe(400);
      expect(rig.asked.length).toBe(got.length);
    });
  });
});
