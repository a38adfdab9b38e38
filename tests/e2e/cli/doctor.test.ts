import { writeFileSync } from 'node:fs';
import http from 'node:http';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { type Authority, makeAuthority } from '../../support/authority.ts';
import { type Caller, freePort, makeCaller } from '../../support/command.ts';
import { startDnsServer } from '../../support/dnsServer.ts';
import { examine, settingsOf } from '../../support/doctor.ts';
import { closeServer, domain, listen, type Rig, startRig } from '../../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

const statsToken = 'a-stats-token-for-tests';
let rig: Rig;
let caller: Caller;
let dns: Awaited<ReturnType<typeof startDnsServer>>;

beforeAll(async () => {
  rig = await startRig({
    app: (_req, res) => void res.end('the app'),
    env: { STATS_TOKEN: statsToken },
  });
  caller = makeCaller(settingsOf(rig, domain));
  dns = await startDnsServer({
    [domain]: '127.0.0.1',
    [`*.${domain}`]: '127.0.0.1',
    'bare.test': '127.0.0.1',
    '*.below.test': '127.0.0.1',
    'torn.test': '127.0.0.1',
    '*.torn.test': '127.0.0.1,192.0.2.7',
    'far.test': '192.0.2.7',
    '*.far.test': '192.0.2.7',
  });
});
afterAll(async () => {
  dns.close();
  caller.remove();
  await rig.close();
});

const direct = () => ['--url', `http://${domain}:${rig.proxy.port}`, '--dns', dns.server];
const look = (env: Record<string, string> = {}, args: readonly string[] = direct()) =>
  examine(caller, args, env);

test('finds nothing wrong where nobody stands in front, and says what it has not looked at', async () => {
  const { code, wrong, of } = await look();
  expect([code, wrong]).toEqual([0, []]);
  expect(of('certificate-chain')).toMatchObject({
    result: 'skipped',
    detail: expect.stringContaining('without TLS'),
  });
  expect(of('visitor-address').detail).toContain('nobody stands in front; you come from 127.0.0.1');
  expect(of('rights').detail).toContain('gets preview links');
  expect(of('sandbox').result).toBe('skipped');
});

test('tells people by marks, on standard output, with exit code 0', async () => {
  const { code, out, err } = await caller.run(['doctor', ...direct()]);
  expect([code, err]).toEqual([0, '']);
  expect(out).toMatch(/^✓ configuration +all \d+ variables are right/);
  expect(out).toMatch(/^– idle +not waited for: add --slow/m);
  expect(out).not.toContain('✗');
});

test('--resolve leads to an address without DNS', async () => {
  const { PORT = '' } = settingsOf(rig, domain);
  const args = ['--url', `http://${domain}:${PORT}`, '--resolve', `*:${PORT}:127.0.0.1`];
  const { wrong, of } = await look({}, args);
  expect(wrong).toEqual([]);
  expect(of('dns').detail).toContain('--resolve');
  expect(of('public-address').detail).toContain('the proxy on this machine');
});

test('*.localhost leads to this machine as in a browser, whatever the system knows of it', async () => {
  const demo = await startRig({ beside: rig, env: { PROXY_DOMAIN: 'proxy.localhost' } });
  const args = ['--sandbox', rig.sandbox.id, '--port', '3000'];
  const { wrong, of } = await look(settingsOf(demo, 'proxy.localhost'), args);
  await demo.close();
  expect(wrong).toEqual([]);
  expect(of('public-address').detail).toContain('the proxy on this machine');
  expect(of('sandbox').result).toBe('ok');
});

describe('configuration', () => {
  test('all that is wrong is told at once, no secret with it, and what needs it is skipped', async () => {
    const env = { PORT: 'none', ACCESS_MODE: 'shut', STATS_TOKEN: 'secret' };
    const { code, checks, wrong, of } = await look(env, []);
    expect([code, wrong]).toEqual([1, ['configuration']]);
    const { detail, fix } = of('configuration');
    expect(detail).toContain('3 problems');
    expect(fix.join('\n')).toContain('PORT = "none"');
    expect(fix.join('\n')).toContain('ACCESS_MODE = "shut"');
    expect(fix.join('\n')).toContain('STATS_TOKEN = ****');
    expect(JSON.stringify(checks)).not.toContain('secret"');
    expect(of('api')).toMatchObject({
      result: 'skipped',
      detail: 'the configuration has to be right first',
    });
  });

  test('without PROXY_DOMAIN the public address has to be said', async () => {
    const { wrong, of } = await look({ PROXY_DOMAIN: '' }, []);
    expect(wrong).toEqual([]);
    expect(of('public-address')).toMatchObject({
      result: 'skipped',
      detail: expect.stringContaining('--url'),
    });
  });
});

describe('DNS', () => {
  const at = (name: string) =>
    // Without a proxy on this machine: where it is not looked for, nobody waits for an answer.
    look({ PROXY_DOMAIN: name, PORT: '1' }, [
      ...['--url', `http://127.0.0.1:${rig.proxy.port}`],
      ...['--dns', dns.server],
    ]);

  test.each([
    ['no wildcard', 'bare.test', /no wildcard record/, '*.bare.test.  300  IN  A  127.0.0.1'],
    ['two places', 'torn.test', /different places: .*192\.0\.2\.7/, '*.torn.test.'],
    [
      'a wildcard alone',
      'below.test',
      /below\.test itself has no address/,
      'below.test.  300  IN  A  127.0.0.1',
    ],
  ])('%s is named, with the record that mends it', async (_what, name, detail, record) => {
    const { wrong, of } = await at(name);
    expect(wrong).toContain('dns');
    expect(of('dns').detail).toMatch(detail);
    expect(of('dns').fix.join('\n')).toContain(record);
  });

  test('it is said that an address elsewhere cannot be judged from here', async () => {
    const { of } = await at('far.test');
    expect(of('dns')).toMatchObject({
      result: 'ok',
      detail: expect.stringMatching(/192\.0\.2\.7, which no interface of this machine has: .*NAT/),
    });
  });

  test('a DNS server that is silent is named', async () => {
    const { of } = await look({ PROXY_DOMAIN: 'proxy.test' }, ['--dns', '127.0.0.1:1']);
    expect(of('dns')).toMatchObject({
      result: 'failed',
      detail: expect.stringContaining('DNS does not answer'),
      fix: [expect.stringContaining('--dns 1.1.1.1')],
    });
  });
});

describe('the proxy on this machine', () => {
  test('without one nothing is said about what arrives', async () => {
    const args = direct();
    const { wrong, of } = await look({ PORT: '1' }, args);
    expect(wrong).toEqual([]);
    expect(of('public-address').detail).toContain('which one, cannot be said');
    expect(of('host')).toMatchObject({
      result: 'skipped',
      detail: expect.stringContaining('No proxy answers at 127.0.0.1:1'),
    });
  });

  test('another server in the place of the public one is named, whatever it says of itself', async () => {
    const other = http.createServer((_req, res) => {
      res.setHeader('Server', 'evil\u009b2J').end('hello');
    });
    const port = await listen(other);
    const args = ['--url', `http://${domain}:${port}`, '--dns', dns.server];
    const { code, out } = await caller.run(['doctor', ...args], { STATS_TOKEN: statsToken });
    await closeServer(other);
    expect(code).toBe(1);
    expect(out).toMatch(/✗ public-address +.*answered 200 by somebody else/);
    expect(out).not.toContain('\u009b');
    for (const front of ['Nginx', 'Caddy', 'Cloudflare', 'Traefik']) expect(out).toContain(front);
  });
});

test.each([
  ['nobody listens there', false, []],
  ['TLS is not spoken there', true, ['certificate-chain']],
])('where %s that is said once', async (_how, plain, more) => {
  const port = plain ? rig.proxy.port : await freePort();
  const args = ['--url', `https://${domain}:${port}`, '--resolve', `*:${port}:127.0.0.1`];
  const { wrong, of } = await look({}, args);
  expect(wrong).toEqual([...more, 'public-address']);
  expect(of('http2').detail).toContain('has to be');
});

test('the proxy’s own TLS need not speak HTTP/2, and gets lines of its own', async () => {
  const authority: Authority = makeAuthority();
  const names = [`*.${domain}`, domain];
  const { certPath, keyPath } = authority.issue({ names, days: 5 });
  const tls = { TLS_CERT_FILE: certPath, TLS_KEY_FILE: keyPath };
  const secure = await startRig({ beside: rig, env: tls });
  const env = { ...settingsOf(secure, domain), ...tls };
  const url = `https://${domain}:${secure.proxy.port}`;
  const args = ['--url', url, '--dns', dns.server, '--cacert', authority.rootPath];
  const { wrong, of } = await look(env, args);
  await secure.close();
  authority.remove();
  expect(wrong).toEqual(['certificate-days']);
  expect(of('certificate-days').fix.join('\n')).toMatch(/daytona-proxy itself.*certbot renew/s);
  expect(of('http2').result).toBe('skipped');
});

test.each([
  ['--port 3000', '--sandbox'],
  ['--url proxy.test', 'https://proxy.example.com'],
  ['--url http://3000-abc.proxy.test', 'is a sandbox’s'],
  ['--resolve a.test', 'host:port:address'],
  ['--slow 0', 'from 1 to 300'],
  ['--cacert /nowhere', 'ENOENT'],
])('with %s it says how it is called, with exit code 2', async (line, words) => {
  const { code, out, err } = await caller.run(['doctor', ...line.split(' ')]);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(words);
});

test('settings of .env count too', async () => {
  writeFileSync(`${caller.folder}/.env`, 'RATE_LIMIT_MAX=many\n');
  const { of } = await look();
  writeFileSync(`${caller.folder}/.env`, '');
  expect(of('configuration').fix.join('\n')).toContain('RATE_LIMIT_MAX = "many"');
});
