/**
 * Attacker: a program in a sandbox, or a stranger who reaches the egress proxy.
 * Step: it comes without a credential, with a guessed one, with another sandbox's, with one that was
 * revoked, or behind somebody else's on the same connection.
 * Gain: the way out in nobody's or another one's name, free of its limits.
 * Defence: a password is derived from one id and good for that one alone; each request shows its
 * own; what is revoked ends what is open as well.
 */
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { readEgressConfig } from '../../src/config/egressConfig.ts';
import { egressPassword, isCredential } from '../../src/egress/credentials.ts';
import { raw } from '../support/client.ts';
import {
  type EgressRig,
  type EgressRigOptions,
  egressSecret,
  outside,
  sandboxId,
  startEgressRig,
  statusOf,
} from '../support/egressRig.ts';
import { eventually } from '../support/eventually.ts';

const other = 'another-secret-of-the-egress-tests-32-chars';
let rig: EgressRig;
let running: EgressRig | undefined;
afterEach(async () => {
  await running?.close();
  running = undefined;
});
const start = async (options: EgressRigOptions = {}) => {
  rig = await startEgressRig(options);
  running = rig;
  return `api.${outside}:${rig.port}`;
};
async function statusFor(id: string, password: string): Promise<number> {
  const { socket, received } = await rig.tunnel(`api.${outside}:${rig.port}`, id, password);
  socket.destroy();
  return statusOf(received);
}

describe('a password', () => {
  test('is the HMAC of the sandbox’s id', () => {
    const expected = createHmac('sha256', egressSecret).update(sandboxId).digest('base64url');
    expect(egressPassword(egressSecret, sandboxId)).toBe(expected);
    expect(isCredential([egressSecret], sandboxId, expected)).toBe(true);
  });

  test.each([
    ['another sandbox’s id', 'another', egressPassword(egressSecret, sandboxId)],
    ['a part of it', sandboxId, egressPassword(egressSecret, sandboxId).slice(0, -1)],
    ['more behind it', sandboxId, `${egressPassword(egressSecret, sandboxId)}=`],
    ['another secret', sandboxId, egressPassword(other, sandboxId)],
    ['nothing', sandboxId, ''],
    ['an id that is none', '', egressPassword(egressSecret, '')],
    ['an id in capitals', 'ABC', egressPassword(egressSecret, 'ABC')],
    ['a second line in the id', 'a\nb', egressPassword(egressSecret, 'a\nb')],
  ])('is not good with %s', (_what, id, password) => {
    expect(isCredential([egressSecret], id, password)).toBe(false);
  });
});

test('while two secrets are set both are good, and afterwards the new one alone', async () => {
  await start({ env: { EGRESS_SECRET: `${other},${egressSecret}` } });
  expect(await statusFor('a', egressPassword(egressSecret, 'a'))).toBe(200);
  expect(await statusFor('a', egressPassword(other, 'a'))).toBe(200);
  await rig.close();
  running = undefined;
  await start({ env: { EGRESS_SECRET: other } });
  expect(await statusFor('a', egressPassword(egressSecret, 'a'))).toBe(407);
  expect(await statusFor('a', egressPassword(other, 'a'))).toBe(200);
});

test('a stranger learns nothing of the list: every host asks for the credential first', async () => {
  await start();
  for (const host of [`api.${outside}`, `other.${outside}`, '127.0.0.1']) {
    const { received } = await rig.tunnel(`${host}:${rig.port}`, 'a', 'wrong');
    expect(statusOf(received)).toBe(407);
    expect(received).not.toContain('EGRESS_ALLOW');
  }
  expect([rig.asked, rig.dialled()]).toEqual([[], 0]);
});

test.each(['Bearer abc', 'Basic', 'Basic !!!!', 'Digest username="a"'])(
  'Proxy-Authorization: %s gets nobody in',
  async (field) => {
    const target = await start();
    const answer = await raw(
      rig.egress.port,
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: ${field}\r\n\r\n`,
    );
    expect([400, 407]).toContain(statusOf(answer));
    expect(rig.dialled()).toBe(0);
  },
);

describe('a revoked sandbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'egress-revoked-'));
  const path = join(folder, 'revoked');
  afterEach(() => rmSync(path, { force: true }));

  test('does not come in, and others do', async () => {
    await start({ env: { EGRESS_REVOKED: 'a, b' } });
    expect(await statusFor('a', egressPassword(egressSecret, 'a'))).toBe(407);
    expect(await statusFor('c', egressPassword(egressSecret, 'c'))).toBe(200);
  });

  test('loses what it has open when the file says so', async () => {
    writeFileSync(path, '# nobody yet\n');
    const target = await start({ env: { EGRESS_REVOKED_FILE: path } });
    const [open, kept] = [await rig.tunnel(target, 'a'), await rig.tunnel(target, 'c')];
    writeFileSync(path, 'a # left the company\n');
    await open.until(() => false, 8_000);
    expect(kept.socket.destroyed).toBe(false);
    expect(await statusFor('a', egressPassword(egressSecret, 'a'))).toBe(407);
    const cut = () => rig.logs('egress.carried').find(({ sandbox }) => sandbox === 'a');
    expect(await eventually(() => cut() !== undefined)).toBe(true);
    expect(cut()).toMatchObject({ cut: 'revoked' });
    kept.socket.destroy();
  });

  test('does not get in when it is revoked while its host is dialled', async () => {
    writeFileSync(path, '');
    let found = () => {};
    const target = await start({
      env: { EGRESS_REVOKED_FILE: path },
      resolve: () =>
        new Promise((done) => {
          found = () => done([{ address: '127.0.0.1', family: 4 }]);
        }),
    });
    const tunnel = rig.tunnel(target, 'a');
    expect(await eventually(() => rig.asked.length === 1)).toBe(true);
    writeFileSync(path, 'A # in capitals, as a person may write it\n');
    expect(await eventually(() => rig.logs('egress.revoked').length > 0)).toBe(true);
    found();
    const { received } = await tunnel;
    expect(statusOf(received)).toBe(407);
    expect(received).toContain('was revoked');
    expect(rig.logs('egress.carried')).toEqual([]);
  });

  test('stays out when the file is gone', async () => {
    writeFileSync(path, 'a');
    await start({ env: { EGRESS_REVOKED_FILE: path } });
    rmSync(path);
    expect(await eventually(() => rig.logs('egress.revoked.failed').length > 0)).toBe(true);
    expect(await statusFor('a', egressPassword(egressSecret, 'a'))).toBe(407);
  });

  test('is no reason to start without its file', async () => {
    await expect(startEgressRig({ env: { EGRESS_REVOKED_FILE: path } })).rejects.toThrow(
      /EGRESS_REVOKED_FILE.*cannot be read/,
    );
  });
});

test('a log holds no credential, of good and of bad ones', async () => {
  const target = await start();
  const password = egressPassword(egressSecret, 'a');
  for (const tried of [password, 'a-wrong-password']) {
    (await rig.tunnel(target, 'a', tried)).socket.destroy();
  }
  expect(await eventually(() => rig.logs('egress.carried').length > 0)).toBe(true);
  expect(rig.logs('egress.stranger').length).toBeGreaterThan(0);
  const shown = Buffer.from(`a:${password}`).toString('base64');
  for (const secret of [password, shown, 'a-wrong-password', egressSecret]) {
    expect(JSON.stringify(rig.logs())).not.toContain(secret);
  }
});

test('without a list or a secret it does not start, and says both', () => {
  expect(() => readEgressConfig({})).toThrow(
    /EGRESS_ALLOW is not set(?:.|\n)*EGRESS_SECRET is not set/,
  );
});
