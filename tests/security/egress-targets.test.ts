/**
 * Attacker: a program in a sandbox.
 * Step: it asks the egress proxy for an address instead of a name, in any of the ways to write one,
 * for a name that only looks like an allowed one, or for an allowed host in another host's name.
 * Gain: the machine's own services, the cloud's metadata, a host nobody has allowed.
 * Defence: targets are read by one strict parser into one form, and the list is compared with that;
 * addresses count as not listed; of plain requests the Host is the target's.
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
  statusOf,
} from '../support/egressRig.ts';
import { describeWithLowPorts } from '../support/lowPorts.ts';
import { run } from '../support/run.ts';

describeWithLowPorts('the egress proxy', () => {
  const address80 = '127.80.80.80';
  let rig: EgressRig;
  let plain: { close(): Promise<void> };
  /** The targets and fields that the plain server has got. */
  const heads: string[][] = [];
  beforeAll(async () => {
    plain = await startPort80((req, res) => {
      heads.push([req.url ?? '', ...req.rawHeaders]);
      if (req.url === '/odd') {
        res.socket?.end('HTTP/1.1 999 od\x01d\r\nContent-Length: 0\r\n\r\n');
      } else if (req.url === '/reason') {
        res.socket?.end('HTTP/1.1 200 a\x01b\r\nContent-Length: 4\r\n\r\nbody');
      } else if (req.url === '/login') {
        res.socket?.end('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n');
      } else res.end(`${req.method} ${req.url}`);
    }, address80);
    rig = await startEgressRig({
      allow: [
        `api.${outside}:#`,
        `*.wild.${outside}:#`,
        `plain.${outside}:80`,
        `tls-only.${outside}`,
        '127.0.0.2:#',
        '10.9.8.7',
      ].join(','),
      resolve: async (name) => [
        { address: name === `plain.${outside}` ? address80 : '127.0.0.1', family: 4 },
      ],
    });
  });
  afterAll(async () => {
    await rig?.close();
    await plain?.close();
  });

  async function connect(target: string) {
    const { socket, received } = await rig.tunnel(target);
    socket.destroy();
    return { status: statusOf(received), code: /x-proxy-error: (\w+)/i.exec(received)?.[1] };
  }

  describe('CONNECT', () => {
    test.each([
      ['127.0.0.1', 'HOST_NOT_ALLOWED'],
      ['2130706433', 'HOST_NOT_ALLOWED'],
      ['0x7f000001', 'HOST_NOT_ALLOWED'],
      ['017700000001', 'HOST_NOT_ALLOWED'],
      ['0x7f.1', 'HOST_NOT_ALLOWED'],
      ['127.1', 'HOST_NOT_ALLOWED'],
      ['[::1]', 'HOST_NOT_ALLOWED'],
      ['[::ffff:127.0.0.1]', 'HOST_NOT_ALLOWED'],
      ['[::ffff:7f00:1]', 'HOST_NOT_ALLOWED'],
      ['[64:ff9b::7f00:1]', 'HOST_NOT_ALLOWED'],
      ['169.254.169.254', 'HOST_NOT_ALLOWED'],
      ['localhost', 'HOST_NOT_ALLOWED'],
      [outside, 'HOST_NOT_ALLOWED'],
      [`xapi.${outside}`, 'HOST_NOT_ALLOWED'],
      [`api.${outside}.evil.test`, 'HOST_NOT_ALLOWED'],
      [`wild.${outside}`, 'HOST_NOT_ALLOWED'],
      [`evilwild.${outside}`, 'HOST_NOT_ALLOWED'],
      [`api.${outside}%00.evil.test`, 'INVALID_TARGET'],
      [`api.${outside}@127.0.0.1`, 'INVALID_TARGET'],
      [`127.0.0.1#.api.${outside}`, undefined],
      [`127.0.0.1/api.${outside}`, undefined],
    ])('to %s reaches nothing', async (host, code) => {
      const [before, asked] = [rig.dialled(), rig.asked.length];
      const answer = await connect(`${host}:${rig.port}`);
      expect([400, 403]).toContain(answer.status);
      expect(answer.code).toBe(code);
      expect([rig.dialled(), rig.asked.length]).toEqual([before, asked]);
    });

    test.each([
      `api.${outside}`,
      `API.${outside.toUpperCase()}`,
      `api.${outside}.`,
      `a.wild.${outside}`,
      `a.b.wild.${outside}`,
    ])('to %s is let through', async (host) => {
      expect((await connect(`${host}:${rig.port}`)).status).toBe(200);
    });

    test('to another port of an allowed host is refused, with the port to add', async () => {
      const { socket, received } = await rig.tunnel(`tls-only.${outside}:22`);
      socket.destroy();
      expect(statusOf(received)).toBe(403);
      expect(received).toContain(`add tls-only.${outside}:22 to EGRESS_ALLOW`);
    });

    test('to a listed address on a private network that was not opened is refused', async () => {
      expect(await connect('10.9.8.7:443')).toEqual({ status: 403, code: 'ADDRESS_NOT_ALLOWED' });
    });

    test('to a listed address, written as a number, is compared in its usual form', async () => {
      // Nothing listens there, and that is all that is wrong with it.
      const { code } = await connect(`0x7f000002:${rig.port}`);
      expect(code).toBe('HOST_UNREACHABLE');
    });
  });

  describe('a plain request', () => {
    const curl = (url: string, ...args: string[]) =>
      run('curl', ['-sS', '-i', '-x', rig.proxyUrl(), ...args, url]);

    test('goes to port 80 where that is listed, without the credential', async () => {
      const { stdout } = await curl(`http://plain.${outside}/path?query=1`);
      expect(stdout).toContain('GET /path?query=1');
      expect(stdout).toMatch(/^connection: close/im);
      const names = heads.at(-1)?.filter((_each, i) => i % 2 === 1);
      expect(names?.map((name) => name.toLowerCase())).not.toContain('proxy-authorization');
      expect(names?.map((name) => name.toLowerCase())).not.toContain('proxy-connection');
    });

    test.each([
      ['a host of which only port 443 is listed', () => `http://tls-only.${outside}/`],
      ['a listed port that is not 80', () => `http://api.${outside}:${rig.port}/`],
      ['port 443 by plain HTTP', () => `http://tls-only.${outside}:443/`],
      ['the machine itself', () => 'http://127.0.0.1/'],
      ['the machine itself as a number', () => `http://2130706433/`],
      ['the metadata of the cloud', () => 'http://169.254.169.254/latest/meta-data/'],
    ])('to %s is refused', async (_what, url) => {
      const before = heads.length;
      const { stdout } = await curl(url());
      expect(statusOf(stdout)).toBe(403);
      expect(stdout).toMatch(/EGRESS_ALLOW/);
      expect(heads.length).toBe(before);
    });

    test('names the target as its Host, whatever it said itself', async () => {
      await curl(
        `http://plain.${outside}/`,
        '-H',
        'Host: hidden.test',
        '-H',
        'Expect: 100-continue',
      );
      const fields = heads.at(-1) ?? [];
      const hosts = fields.filter(
        (_each, i) => i > 0 && i % 2 === 0 && /^host$/i.test(fields[i - 1] ?? ''),
      );
      expect(hosts).toEqual([`plain.${outside}`]);
      expect(fields.map((each) => each.toLowerCase())).not.toContain('expect');
    });

    const credential = () =>
      `Proxy-Authorization: Basic ${Buffer.from(`${sandboxId}:${egressPassword(egressSecret, sandboxId)}`).toString('base64')}\r\n`;
    const send = (line: string, rest: string) =>
      raw(rig.egress.port, `${line} HTTP/1.1\r\nHost: plain.${outside}\r\n${credential()}${rest}`);

    test('with a chunked body that would go on unframed is refused', async () => {
      const before = heads.length;
      const answer = await send(
        `DELETE http://plain.${outside}/`,
        'Transfer-Encoding: chunked\r\n\r\n28\r\nGET / HTTP/1.1\r\nHost: hidden.test\r\n\r\nxxxx\r\n0\r\n\r\n',
      );
      expect(statusOf(answer)).toBe(400);
      expect(heads.length).toBe(before);
    });

    test('is the only one of its connection', async () => {
      const second = `GET http://plain.${outside}/two HTTP/1.1\r\nHost: plain.${outside}\r\n${credential()}\r\n`;
      const answer = await send(`GET http://plain.${outside}/one`, `\r\n${second}`);
      expect(answer).not.toContain('/two');
      expect(heads.filter((each) => each.includes('/two'))).toEqual([]);
    });

    test.each([
      [`http://api.${outside}@plain.${outside}/`],
      [`http://plain.${outside}\\@evil.test/`],
      [`https://plain.${outside}/`],
      [`ftp://plain.${outside}/`],
    ])('with the target %s is refused', async (target) => {
      const before = heads.length;
      expect(statusOf(await send(`GET ${target}`, '\r\n'))).toBe(400);
      expect(heads.length).toBe(before);
    });

    test.each([
      ['/odd', 502],
      ['/reason', 200],
      ['/login', 502],
    ])(
      'whose answer has a head (%s) that cannot be passed on gets one of ours',
      async (path, status) => {
        const answer = await send(`GET http://plain.${outside}${path}`, '\r\n');
        expect(statusOf(answer)).toBe(status);
        expect(answer).not.toContain('\x01');
      },
    );
  });
});
