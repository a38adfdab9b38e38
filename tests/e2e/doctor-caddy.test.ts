import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Authority, makeAuthority } from '../support/authority.ts';
import { describeWith } from '../support/binary.ts';
import { startCaddy } from '../support/caddy.ts';
import { type Caller, makeCaller } from '../support/command.ts';
import { examine, settingsOf } from '../support/doctor.ts';
import type { FrontOptions } from '../support/nginx.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

describeWith('caddy', 'The doctor, with a real Caddy in front', () => {
  let rig: Rig;
  let authority: Authority;
  let caller: Caller;

  beforeAll(async () => {
    rig = await startRig({ env: { TRUSTED_PROXIES: '127.0.0.1/32' } });
    authority = makeAuthority();
    caller = makeCaller(settingsOf(rig, domain));
  });
  afterAll(async () => {
    caller.remove();
    authority.remove();
    await rig.close();
  });

  const behind = async (changes: NonNullable<FrontOptions['changes']>) => {
    const certificate = authority.issue({ names: [`*.${domain}`, domain] });
    const caddy = await startCaddy({ certificate, upstreamPort: rig.proxy.port, changes });
    const { httpsPort: port } = caddy;
    const where = ['--url', `https://${domain}:${port}`, '--resolve', `*:${port}:127.0.0.1`];
    const internal = changes.some(([, line]) => line === 'tls internal');
    const rootPath = internal ? caddy.rootPath : authority.rootPath;
    const found = await examine(caller, [...where, '--cacert', rootPath]);
    await caddy.close();
    return found;
  };

  test('finds nothing wrong with what ships', async () => {
    expect((await behind([])).wrong).toEqual([]);
  });

  test('finds each name in a certificate of its own', async () => {
    const { wrong, of } = await behind([[/^\ttls .*$/gm, 'tls internal']]);
    expect(wrong).toEqual(['certificate-days']); // Caddy's own last twelve hours.
    expect(of('certificate-names').detail).toBe(`it names *.${domain}`);
  });

  test('names what is, with lines of Caddy’s alone', async () => {
    const { wrong, of } = await behind([
      [
        /flush_interval -1/g,
        'header_up Host localhost\n\t\theader_down Location (.*)/diagnostics $1/',
      ],
    ]);
    expect(wrong).toEqual(['host', 'redirects']);
    expect(of('host').fix.join('\n')).toMatch(/^Caddy, .*header_up Host \{hostport\}/s);
    expect(of('host').fix.join('\n')).not.toContain('Nginx');
  });
});
