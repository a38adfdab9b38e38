import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type Authority, makeAuthority } from '../support/authority.ts';
import { describeWith } from '../support/binary.ts';
import { makeCertificate } from '../support/certificate.ts';
import { type Caller, makeCaller } from '../support/command.ts';
import { startDnsServer } from '../support/dnsServer.ts';
import { type Examined, examine, settingsOf } from '../support/doctor.ts';
import { type FrontOptions, startNginx } from '../support/nginx.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

const trust = { TRUSTED_PROXIES: '127.0.0.1/32' };
const names = [`*.${domain}`, domain];

describeWith('nginx', 'The doctor, with a real Nginx in front', () => {
  let rig: Rig;
  let authority: Authority;
  let caller: Caller;
  let dns: Awaited<ReturnType<typeof startDnsServer>>;
  let certificate: FrontOptions['certificate'];

  beforeAll(async () => {
    rig = await startRig({ app: (_req, res) => void res.end('the app'), env: trust });
    authority = makeAuthority();
    certificate = authority.issue({ names });
    caller = makeCaller();
    dns = await startDnsServer({ [domain]: '127.0.0.1', [`*.${domain}`]: '127.0.0.1' });
  });
  afterAll(async () => {
    dns.close();
    caller.remove();
    authority.remove();
    await rig.close();
  });

  /** Examines one Nginx, of which only what is said differs from the file that ships. */
  const behind = async (
    front: Partial<FrontOptions>,
    { args = [], which = rig }: { args?: readonly string[]; which?: Rig } = {},
  ): Promise<Examined> => {
    const upstreamPort = which.proxy.port;
    const nginx = await startNginx({ domains: [domain], certificate, upstreamPort, ...front });
    const url = `https://${domain}:${nginx.httpsPort}`;
    const given = ['--url', url, '--dns', dns.server, '--cacert', authority.rootPath, ...args];
    const found = await examine(caller, given, settingsOf(which, domain));
    await nginx.close();
    return found;
  };

  test('finds nothing wrong with what ships', async () => {
    const found = await behind({}, { args: ['--sandbox', rig.sandbox.id, '--port', '3000'] });
    expect(found.checks.filter(({ result }) => result !== 'ok').map(({ check }) => check)).toEqual([
      'idle',
      'sandbox-websocket',
    ]);
    expect([found.code, found.wrong]).toEqual([0, []]);
    expect(found.checks.map(({ check }) => check)).toEqual([
      ...['configuration', 'api', 'rights', 'clock', 'dns'],
      ...['certificate-chain', 'certificate-names', 'certificate-days', 'http2'],
      ...['public-address', 'host', 'visitor-address'],
      ...['event-stream', 'websocket', 'idle', 'upload', 'redirects', 'origin'],
      ...['sandbox', 'warning-screen', 'sandbox-websocket'],
    ]);
    expect(found.of('public-address').detail).toContain('the proxy on this machine');
    expect(found.of('visitor-address').detail).toContain('you are 127.0.0.1, by https');
    expect(JSON.stringify(found)).not.toContain(rig.daytona.apiKey);
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
      'proxy_set_header X-Forwarded-For   $remote_addr;',
    ],
    [
      'no X-Forwarded-For',
      'visitor-address',
      [/X-Forwarded-For +\$remote_addr;/g, 'X-Forwarded-For "";'],
      /does not say who comes/,
      'proxy_set_header X-Forwarded-For   $remote_addr;',
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
      const found = await behind({ changes: [[change[0], change[1]]] });
      expect([found.code, found.wrong]).toEqual([1, [check]]);
      expect(found.of(check).detail).toMatch(detail);
      expect(found.of(check).fix.join('\n')).toContain(line);
      expect(found.of(check).fix.join('\n')).not.toContain('Traefik');
    },
  );

  test('names an Origin that is taken away, of requests and of WebSockets', async () => {
    const changes = [[/gzip +off;/g, 'gzip off; proxy_set_header Origin "";']] as const;
    const found = await behind({ changes });
    expect(found.wrong).toEqual(['websocket', 'origin']);
    expect(found.of('origin').fix.join('\n')).toContain('proxy_set_header Origin $http_origin;');
  });

  test('names a front that ends what is silent, and waits for that only if it is told to', async () => {
    const changes = [[/proxy_read_timeout +1d;/g, 'proxy_read_timeout 3s;']] as const;
    const hasty = await behind({ changes });
    expect([hasty.wrong, hasty.of('idle').result]).toEqual([[], 'skipped']);
    const found = await behind({ changes }, { args: ['--slow', '5'] });
    expect(found.wrong).toEqual(['idle']);
    expect(found.of('idle').detail).toContain('an event stream and a WebSocket');
    expect(found.of('idle').fix.join('\n')).toContain('proxy_read_timeout 1d;');
  });

  test('names a front that the proxy does not trust, with the line of .env', async () => {
    const stranger = await startRig({ beside: rig });
    const found = await behind({}, { which: stranger });
    await stranger.close();
    expect(found.wrong).toEqual(['visitor-address']);
    expect(found.of('visitor-address').fix).toContain('  TRUSTED_PROXIES=127.0.0.1/32');
  });

  test('names a front that leads to nobody, and asks it no more', async () => {
    const found = await behind({ upstreamPort: 1 });
    expect(found.wrong).toEqual(['public-address']);
    expect(found.of('public-address').detail).toMatch(
      /answered 502 by somebody else \(Server: nginx/,
    );
    expect(found.of('public-address').fix.join('\n')).toContain(
      `proxy_pass http://127.0.0.1:${rig.proxy.port};`,
    );
    expect(found.of('upload')).toMatchObject({ result: 'skipped' });
  });

  test('names a front that leads to another proxy than the one on this machine', async () => {
    const other = await startRig({ beside: rig, env: trust });
    const found = await behind({ upstreamPort: other.proxy.port });
    await other.close();
    expect(found.wrong).toEqual(['public-address']);
    expect(found.of('public-address').detail).toContain('not to the one on this machine');
  });

  test('finds its way through several instances behind one front', async () => {
    const other = await startRig({ beside: rig, env: trust });
    const found = await behind({ otherPorts: [other.proxy.port] });
    await other.close();
    expect(found.wrong).toEqual([]);
  });

  test.each([
    [
      'names a domain alone',
      'certificate-names',
      { names: [domain] },
      /does not name \*\.proxy\.test, only/,
      "-d '*.proxy.test'",
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
    const found = await behind({ certificate: authority.issue(wish) });
    expect(found.wrong).toEqual([check]);
    expect(found.of(check).detail).toMatch(detail);
    expect(found.of(check).fix.join('\n')).toContain(line);
  });

  test('shows the token of a private sandbox only where the certificate is right', async () => {
    const strict = await startRig({ beside: rig, env: { ...trust, ACCESS_MODE: 'private' } });
    const own = makeCertificate([domain], 60);
    const args = ['--sandbox', rig.sandbox.id, '--port', '3000'];
    const good = await behind({}, { args, which: strict });
    const bad = await behind({ certificate: own }, { args, which: strict });
    own.remove();
    await strict.close();
    expect(good.wrong).toEqual([]);
    expect(bad.wrong).toEqual(['certificate-chain', 'sandbox']);
    expect(bad.of('certificate-chain').detail).toContain('signed by itself');
    expect(bad.of('sandbox').detail).toMatch(/401 LOGIN_REQUIRED; it was asked without its token/);
    expect(JSON.stringify([good, bad])).not.toContain(rig.sandbox.token);
  });
});
