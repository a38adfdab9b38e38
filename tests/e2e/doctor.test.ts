import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { describeWith } from '../support/binary.ts';
import { type DoctorBehindNginx, startDoctorBehindNginx } from '../support/doctorBehindNginx.ts';
import { domain } from '../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

describeWith('nginx', 'The doctor, with a real Nginx in front', () => {
  let doctor: DoctorBehindNginx;
  beforeAll(async () => {
    doctor = await startDoctorBehindNginx();
  });
  afterAll(() => doctor.close());

  test('finds nothing wrong with what ships', async () => {
    const found = await doctor.behind(
      {},
      { args: ['--sandbox', doctor.rig.sandbox.id, '--port', '3000'] },
    );
    expect(found.checks.filter(({ result }) => result !== 'ok').map(({ check }) => check)).toEqual([
      'sandbox-websocket',
      'idle',
    ]);
    expect([found.code, found.wrong]).toEqual([0, []]);
    expect(found.checks.map(({ check }) => check)).toEqual([
      ...['configuration', 'api', 'rights', 'clock', 'dns'],
      ...['certificate-chain', 'certificate-names', 'certificate-days', 'http2'],
      ...['public-address', 'every-address', 'host', 'visitor-address', 'stats'],
      ...['event-stream', 'websocket', 'upload', 'redirects', 'origin'],
      // A ticket lasts as long as the longest silence: nothing that needs it stands behind.
      ...['sandbox', 'warning-screen', 'sandbox-websocket', 'idle'],
    ]);
    expect(found.of('public-address').detail).toContain('the proxy on this machine');
    expect(found.of('visitor-address').detail).toContain('you are 127.0.0.1, by https');
    expect(JSON.stringify(found)).not.toContain(doctor.rig.daytona.apiKey);
  });

  test.each([
    [
      'Host replaced',
      'host',
      [/Host +\$http_host;/g, 'Host $proxy_host;'],
      /arrives as daytona_proxy/,
      'proxy_set_header Host $http_host;',
    ],
    [
      'Host replaced by the machine’s own',
      'host',
      [/Host +\$http_host;/g, 'Host 127.0.0.1;'],
      /arrives as 127\.0\.0\.1/,
      'proxy_set_header Host $http_host;',
    ],
    [
      'Host replaced by one that fits the bare domain',
      'host',
      [/Host +\$http_host;/g, `Host ${domain}:$server_port;`],
      /replaces Host there/,
      'proxy_set_header Host $http_host;',
    ],
    [
      'no Host at all',
      'public-address',
      [/Host +\$http_host;/g, 'Host "";'],
      /answered 400 INVALID_REQUEST by the proxy/,
      'proxy_set_header Host $http_host;',
    ],
    [
      'no upgrade',
      'websocket',
      [/ *proxy_set_header Upgrade .*\n/g, ''],
      /arrives as a plain GET/,
      'proxy_set_header Connection $connection_upgrade;',
    ],
    [
      'buffering',
      'event-stream',
      [/proxy_buffering +off;/g, 'proxy_buffering on;'],
      /holds answers back/,
      'proxy_buffering    off;',
    ],
    [
      'small uploads only',
      'upload',
      [/client_max_body_size 0;/g, 'client_max_body_size 1m;'],
      /too large for the front \(413\)/,
      'client_max_body_size    0;',
    ],
    [
      'a visitor’s own X-Forwarded-For passed on',
      'visitor-address',
      [/ *proxy_set_header X-Forwarded-For .*\n/g, ''],
      /that a visitor claims/,
      'proxy_set_header X-Forwarded-For $remote_addr;',
    ],
    [
      'no X-Forwarded-For',
      'visitor-address',
      [/X-Forwarded-For +\$remote_addr;/g, 'X-Forwarded-For "";'],
      /does not say who comes/,
      'proxy_set_header X-Forwarded-For $remote_addr;',
    ],
    [
      'no X-Forwarded-Proto',
      'visitor-address',
      [/ *proxy_set_header X-Forwarded-Proto .*\n/g, ''],
      /X-Forwarded-Proto is missing/,
      'proxy_set_header X-Forwarded-Proto $scheme;',
    ],
    [
      'HTTP/1.1 only',
      'http2',
      [/ ssl http2 /g, ' ssl '],
      /HTTP\/1\.1 only/,
      'listen 443 ssl http2;',
    ],
    [
      'redirects rewritten',
      'redirects',
      [/proxy_redirect +off;/g, 'proxy_redirect ~^https://[^/]+(.*) http://127.0.0.1$1;'],
      /became http:\/\/127\.0\.0\.1\/diagnostics/,
      'proxy_redirect off;',
    ],
    [
      'cookies rewritten',
      'redirects',
      [/proxy_redirect +off;/g, 'proxy_redirect off; proxy_cookie_path /diagnostics /;'],
      /arrived as another/,
      'no proxy_cookie_domain',
    ],
  ] as const)(
    'names %s, and the line that mends it',
    async (_name, check, change, detail, line) => {
      const found = await doctor.behind({ changes: [[change[0], change[1]]] });
      expect([found.code, found.wrong]).toEqual([1, [check]]);
      expect(found.of(check).detail).toMatch(detail);
      expect(found.of(check).fix.join('\n')).toContain(line);
      expect(found.of(check).fix.join('\n')).not.toContain('Traefik');
    },
  );

  test('names an Origin that is taken away, of requests and of WebSockets', async () => {
    const changes = [[/gzip +off;/g, 'gzip off; proxy_set_header Origin "";']] as const;
    const found = await doctor.behind({ changes });
    expect(found.wrong).toEqual(['websocket', 'origin']);
    expect(found.of('origin').fix.join('\n')).toContain(
      'in the place of all proxy_set_header lines',
    );
  });

  test('names a front that ends what is silent, and waits for that only if it is told to', async () => {
    const changes = [[/proxy_read_timeout +1d;/g, 'proxy_read_timeout 3s;']] as const;
    const hasty = await doctor.behind({ changes });
    expect([hasty.wrong, hasty.of('idle').result]).toEqual([[], 'skipped']);
    const found = await doctor.behind({ changes }, { args: ['--slow', '5'] });
    expect(found.wrong).toEqual(['idle']);
    expect(found.of('idle').detail).toContain('an event stream and a WebSocket');
    expect(found.of('idle').fix.join('\n')).toContain('proxy_read_timeout 1d;');
  });
});
