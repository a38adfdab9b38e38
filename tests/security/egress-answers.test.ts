/**
 * Attacker: an allowed host that is spoken to by plain HTTP, or a program in a sandbox.
 * Step: the host answers what is no answer to the request; the program sends nonsense behind its
 * request, while the answer is on its way.
 * Gain: connections that hang for as long as a quiet tunnel may; bytes of ours within an answer, where
 * they pass for the host's.
 * Defence: a host's side that closes without an answer is a 502, and behind half an answer the
 * connection is ended without another word.
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
import { RawConnection } from '../support/rawConnection.ts';

describeWithLowPorts('an answer that is none', () => {
  const address = '127.80.80.81';
  const switches: Record<string, string> = {
    '/switch': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
    '/switch-to-nothing': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  };
  let rig: EgressRig;
  let plain: { close(): Promise<void> };
  beforeAll(async () => {
    plain = await startPort80((req, res) => {
      const { url = '' } = req;
      if (url in switches) res.socket?.write(switches[url] ?? '');
      else if (url === '/silent') res.socket?.end();
      else if (url === '/half')
        res.writeHead(200, { 'Content-Length': '100' }).write('first half.');
      else res.end(url);
    }, address);
    rig = await startEgressRig({
      allow: `plain.${outside}:80`,
      resolve: async () => [{ address, family: 4 }],
    });
  });
  afterAll(async () => {
    await rig?.close();
    await plain?.close();
  });

  function request(path: string): string {
    const both = `${sandboxId}:${egressPassword(egressSecret, sandboxId)}`;
    return `GET http://plain.${outside}${path} HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic ${Buffer.from(both).toString('base64')}\r\n\r\n`;
  }

  describe('a host that', () => {
    test.each([
      ['changes to a protocol that nobody asked for', '/switch'],
      ['changes to none', '/switch-to-nothing'],
      ['closes without an answer', '/silent'],
    ])('%s is a 502', async (_what, path) => {
      const connection = await RawConnection.open(rig.egress.port);
      connection.send(request(path));
      await connection.closed();
      expect(connection.received).toMatch(/^HTTP\/1.1 502 /);
    });
  });

  test('nonsense behind a request does not write into the answer to it', async () => {
    const connection = await RawConnection.open(rig.egress.port);
    connection.send(request('/half'));
    await connection.until((text) => text.endsWith('first half.'));
    connection.send('\0nonsense\r\n\r\n');
    await connection.closed();
    expect(connection.received).toMatch(/first half\.$/);
  });

  test('a request whose nonsense comes before the answer is told so', async () => {
    expect(await raw(rig.egress.port, `${request('/')}\0nonsense\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 400 /,
    );
  });
});
