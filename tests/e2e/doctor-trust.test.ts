import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { makeCertificate } from '../support/certificate.ts';
import {
  type DoctorBehindNginx,
  names,
  startDoctorBehindNginx,
  trust,
} from '../support/doctorBehindNginx.ts';
import { domain, startRig } from '../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

describeWith('nginx', 'Whom the doctor believes, with a real Nginx in front', () => {
  let doctor: DoctorBehindNginx;
  beforeAll(async () => {
    doctor = await startDoctorBehindNginx();
  });
  afterAll(() => doctor.close());

  test('names a front that the proxy does not trust, with the line of .env', async () => {
    const stranger = await startRig({ beside: doctor.rig });
    const found = await doctor.behind({}, { which: stranger });
    await stranger.close();
    expect(found.wrong).toEqual(['visitor-address']);
    expect(found.of('visitor-address').fix).toContain('  TRUSTED_PROXIES=127.0.0.1/32');
  });

  test('does not say whom to trust by what somebody in between may have said', async () => {
    const stranger = await startRig({ beside: doctor.rig });
    const own = makeCertificate([domain], 60);
    const found = await doctor.behind({ certificate: own }, { which: stranger });
    own.remove();
    await stranger.close();
    expect(found.wrong).toEqual(['certificate-chain', 'visitor-address']);
    expect(found.of('visitor-address').fix.join('\n')).not.toContain('127.0.0.1');
    expect(found.of('visitor-address').fix.join('\n')).toContain('with a right certificate');
  });

  describe('an address that a visitor claims', () => {
    const appended = [
      /X-Forwarded-For +\$remote_addr;/g,
      'X-Forwarded-For $proxy_add_x_forwarded_for;',
    ] as const;

    test('is believed where TRUSTED_PROXIES names everybody, and that is said', async () => {
      const trustsAll = { TRUSTED_PROXIES: '0.0.0.0/0' };
      const which = await startRig({ beside: doctor.rig, env: trustsAll });
      const found = await doctor.behind({ changes: [appended] }, { which, env: trustsAll });
      await which.close();
      expect(found.wrong).toEqual(['visitor-address']);
      expect(found.of('visitor-address').detail).toContain('TRUSTED_PROXIES is too wide');
      expect(found.of('visitor-address').fix).toContain('  TRUSTED_PROXIES=127.0.0.1/32');
    });

    test('is believed of the front’s own machine, by which nobody else is judged', async () => {
      const found = await doctor.behind({ changes: [appended] }, { env: trust });
      expect(found.wrong).toEqual([]);
      expect(found.of('visitor-address')).toMatchObject({
        result: 'skipped',
        detail: expect.stringContaining('to be seen from elsewhere'),
      });
    });
  });

  test('names a front that takes Cloudflare for all visitors', async () => {
    const changes = [
      [/gzip +off;/g, 'gzip off; proxy_set_header CF-Connecting-IP 203.0.113.7;'],
    ] as const;
    const found = await doctor.behind({ changes });
    expect(found.wrong).toEqual(['visitor-address']);
    expect(found.of('visitor-address').detail).toMatch(
      /you are 203\.0\.113\.7, .*for 127\.0\.0\.1/,
    );
    expect(found.of('visitor-address').fix.join('\n')).toContain(
      'real_ip_header   CF-Connecting-IP;',
    );
  });

  test('names a front behind which strangers read /stats, by the Host of a machine itself', async () => {
    const changes = [[/ *proxy_set_header X-Forwarded-.*\n/g, '']] as const;
    const found = await doctor.behind({ changes });
    expect(found.wrong).toEqual(['visitor-address', 'stats']);
    expect(found.of('stats').detail).toContain('(Host: localhost)');
    expect(found.of('stats').fix.join('\n')).toMatch(/STATS_TOKEN=.*X-Forwarded-For/s);
  });

  test('names a front that leads to nobody, and asks it no more', async () => {
    const found = await doctor.behind({ upstreamPort: 1 });
    expect(found.wrong).toEqual(['public-address']);
    expect(found.of('public-address').detail).toMatch(
      /answered 502 by somebody else \(Server: nginx/,
    );
    expect(found.of('public-address').fix.join('\n')).toContain(
      `proxy_pass http://127.0.0.1:${doctor.rig.proxy.port};`,
    );
    expect(found.of('upload')).toMatchObject({ result: 'skipped' });
  });

  test('names a front that leads to another proxy than the one on this machine', async () => {
    const other = await startRig({ beside: doctor.rig, env: trust });
    const found = await doctor.behind({ upstreamPort: other.proxy.port });
    await other.close();
    expect(found.wrong).toEqual(['public-address']);
    expect(found.of('public-address').detail).toContain('not to the one on this machine');
  });

  test('says nothing of what arrives where only other instances of a fleet answer', async () => {
    const other = await startRig({ beside: doctor.rig, env: trust });
    const env = { REDIS_URL: 'redis://127.0.0.1:1', COOKIE_SECRET: 'x'.repeat(32) };
    const found = await doctor.behind({ upstreamPort: other.proxy.port }, { env });
    await other.close();
    expect(found.wrong).toEqual([]);
    expect(found.of('host')).toMatchObject({
      result: 'skipped',
      detail: expect.stringContaining('other instances'),
    });
  });

  test('finds its way through several instances behind one front', async () => {
    const other = await startRig({ beside: doctor.rig, env: trust });
    const found = await doctor.behind({ otherPorts: [other.proxy.port] });
    await other.close();
    expect(found.wrong).toEqual([]);
  });

  test.each([
    [
      'names a domain alone',
      'certificate-names',
      { names: [domain] },
      /shown for \*\.proxy\.test does not name it, only DNS:proxy\.test$/,
      "-d '*.proxy.test'",
    ],
    [
      'is over',
      'certificate-days',
      { names, from: -3, days: 2 },
      /^expired on \d{4}-/,
      'certbot renew',
    ],
    [
      'is not valid yet',
      'certificate-days',
      { names, from: 2, days: 2 },
      /^not valid before .* is the clock right\?$/,
      'certbot renew',
    ],
    [
      'comes with an issuer’s that is over',
      'certificate-chain',
      { names, byExpired: true },
      /^an issuer’s certificate is out of its time: CN=old-issuer, \d{4}-.* to .*CERT_HAS_EXPIRED/,
      'fullchain.pem;   # not cert.pem',
    ],
    ['ends soon', 'certificate-days', { names, days: 5 }, /^[45] days left/, 'certbot renew'],
    [
      'comes without its issuer’s',
      'certificate-chain',
      { names, whole: false },
      /is not sent with it.*UNABLE_TO_VERIFY_LEAF_SIGNATURE/,
      'fullchain.pem;   # not cert.pem',
    ],
  ] as const)('names a certificate that %s', async (_name, check, wish, detail, line) => {
    const found = await doctor.behind({ certificate: doctor.authority.issue(wish) });
    expect(found.wrong).toEqual([check]);
    expect(found.of(check).detail).toMatch(detail);
    expect(found.of(check).fix.join('\n')).toContain(line);
  });

  test('does not call the chain complete of one that is over and signed by itself', async () => {
    const certificate = doctor.authority.issue({ names, from: -3, days: 2, bySelf: true });
    const found = await doctor.behind({ certificate });
    expect(found.wrong).toEqual(['certificate-chain', 'certificate-days']);
    expect(found.of('certificate-chain').detail).toContain('signed by itself');
  });

  test('shows the token of a private sandbox only where the certificate is right', async () => {
    const strict = await startRig({
      beside: doctor.rig,
      env: { ...trust, ACCESS_MODE: 'private' },
    });
    const own = makeCertificate([domain], 60);
    const args = ['--sandbox', doctor.rig.sandbox.id, '--port', '3000'];
    const good = await doctor.behind({}, { args, which: strict });
    const bad = await doctor.behind({ certificate: own }, { args, which: strict });
    own.remove();
    await strict.close();
    expect(good.wrong).toEqual([]);
    expect(bad.wrong).toEqual(['certificate-chain', 'sandbox']);
    expect(bad.of('certificate-chain').detail).toContain('signed by itself');
    expect(bad.of('sandbox').detail).toMatch(/401 LOGIN_REQUIRED; it was asked without its token/);
    expect(JSON.stringify([good, bad])).not.toContain(doctor.rig.sandbox.token);
  });
});
