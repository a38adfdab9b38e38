/** Sandbox-id-first hosts, as the network request writes them, through both files of nginx/. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import { describeWith } from '../support/binary.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { eventually } from '../support/eventually.ts';
import { type Front, startNginx } from '../support/nginx.ts';
import { type Rig, startRig } from '../support/rig.ts';

const domain = 'sandbox.daytona.defikit.net';
const id = '83792513-cd9e-428f-99c0-63c63bc7739c';
const host = `${id}-3000.${domain}`;
/** The request's test 1, to the letter. */
const address = `https://${host}`;
const execute = promisify(execFile);

describeWith('nginx', 'Nginx', () => {
  let certificate: Certificate;
  let rig: Rig;
  let app: RequestListener;
  let echo: WebSocketServer;

  beforeAll(async () => {
    certificate = makeCertificate([domain]);
    rig = await startRig({
      app: (req, res) => app(req, res),
      env: { PROXY_DOMAIN: domain, HOST_FORMAT: 'id-first', TRUSTED_PROXIES: '127.0.0.1/32' },
      sandbox: { id },
    });
    echo = new WebSocketServer({ noServer: true });
    rig.app.on('upgrade', (req, socket, head) =>
      echo.handleUpgrade(req, socket as Socket, head, (ws) => {
        ws.on('message', (data, binary) => ws.send(data, { binary }));
      }),
    );
  });

  afterAll(async () => {
    echo.close();
    await rig.close();
    certificate.remove();
  });

  describe.each(['daytona-proxy.conf', 'sandbox-first.conf'] as const)('%s', (file) => {
    let nginx: Front;

    beforeAll(async () => {
      nginx = await startNginx({
        domains: [domain],
        certificate,
        upstreamPort: rig.proxy.port,
        ...(file === 'sandbox-first.conf' && { file }),
      });
    });

    afterAll(() => nginx.close());

    /** curl with the test's certificate as its only authority; its exit code and what it printed. */
    const curl = (...args: string[]) =>
      execute('curl', ['--silent', '--show-error', '--cacert', certificate.certPath, ...args]).then(
        ({ stdout }) => ({ code: 0, stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, stdout }),
      );
    /** Every name leads to this Nginx, on the port that the address has or does not have. */
    const here = () => ['--connect-to', `::127.0.0.1:${nginx.httpsPort}`];
    const status = async (...args: string[]) =>
      (await curl(...here(), '--output', '/dev/null', '--write-out', '%{http_code}', ...args))
        .stdout;

    describeWith('curl', 'curl', () => {
      test('gets the app’s head at the request’s own address', async () => {
        app = (req, res) => {
          res.setHeader('x-seen', JSON.stringify([req.method, req.url, req.headers.host]));
          res.setHeader('x-forwarded', String(req.headers['x-forwarded-host'])).end('hello');
        };
        const { code, stdout } = await curl(...here(), '-I', address);
        expect(code).toBe(0);
        expect(stdout).toMatch(/^HTTP\/2 200 \r\n/);
        expect(stdout).toContain('x-seen: ["HEAD","/","localhost:3000"]\r\n');
        expect(stdout).toContain(`x-forwarded: ${host}\r\n`);
        expect(stdout).not.toMatch(/daytona preview|warning|x-daytona|pkce/i);
      });

      test('gets it by --resolve and HTTP/1.1 as well', async () => {
        app = (_req, res) => void res.end('hello');
        const resolve = `${host}:${nginx.httpsPort}:127.0.0.1`;
        const url = `${address}:${nginx.httpsPort}`;
        const { code, stdout } = await curl('--resolve', resolve, '--http1.1', '-I', url);
        expect([code, stdout.split('\r\n')[0]]).toEqual([0, 'HTTP/1.1 200 OK']);
      });

      test('needs no token of its own for a private sandbox, and sees none', async () => {
        app = (req, res) => void res.end(JSON.stringify(req.headers));
        const { stdout } = await curl(...here(), '--include', address);
        expect(rig.sandbox.public).toBe(false);
        expect(stdout).toMatch(/^HTTP\/2 200 /);
        expect(stdout).not.toContain(rig.sandbox.token);
      });

      test('tells the app who came and how, whatever the visitor claims', async () => {
        app = (req, res) => void res.end(JSON.stringify(req.headers));
        const claims = ['-H', 'X-Forwarded-For: 203.0.113.7', '-H', 'X-Forwarded-Proto: http'];
        const { stdout } = await curl(...here(), ...claims, '-H', 'api_key: kept', address);
        expect(JSON.parse(stdout)).toMatchObject({
          'x-forwarded-for': '127.0.0.1',
          'x-forwarded-proto': 'https',
          'x-forwarded-host': host,
          api_key: 'kept',
        });
      });

      // Nginx waits for a full buffer where the length is known: `proxy_buffering off` ends that.
      test.each([
        ['an event', { 'content-type': 'text/event-stream' }],
        ['the beginning of a long answer', { 'content-length': '1000000' }],
      ])('hears %s while the answer is still open', async (_what, headers) => {
        const left = new Promise((resolve) => {
          app = (_req, res) => {
            res.once('close', resolve).writeHead(200, headers).write('data: first\n\n');
          };
        });
        const args = ['-s', '--no-buffer', '--cacert', certificate.certPath, ...here(), address];
        const listener = spawn('curl', args);
        const [first] = await once(listener.stdout, 'data', { signal: AbortSignal.timeout(9_000) });
        expect(`${first}`).toBe('data: first\n\n');
        listener.kill();
        await left;
      });

      test('finds the certificate wrong for a name that it does not cover', async () => {
        const { code } = await curl(...here(), '-I', `https://${id}.3000.${domain}`);
        // 60: the name is not in the certificate. 35: there was none.
        expect(code).toBe(file === 'sandbox-first.conf' ? 35 : 60);
      });

      test('is told by 404 of a sandbox that does not exist', async () => {
        expect(await status(address.replace('8379', '0000'))).toBe('404');
      });

      test('reaches the proxy’s own pages at the bare domain', async () => {
        expect(await status(`https://${domain}/health`)).toBe('200');
      });
    });

    test('carries a WebSocket', async () => {
      const tlsOptions = { ca: certificate.pem, servername: host };
      const socket = new WebSocket(`wss://127.0.0.1:${nginx.httpsPort}/`, {
        ...tlsOptions,
        headers: { host },
      });
      await new Promise((opened, failed) => socket.once('open', opened).once('error', failed));
      const answer = new Promise((resolve) => socket.once('message', (data) => resolve(`${data}`)));
      socket.send('hello');
      expect(await answer).toBe('hello');
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.close(1000);
      expect(await closed).toBe(1000);
    });

    test('has had nothing to complain about', () => {
      expect(nginx.log.filter((line) => /\[(?:warn|error|crit|alert|emerg)\]/.test(line))).toEqual(
        [],
      );
    });
  });

  describeWith('curl', 'sandbox-first.conf by itself', () => {
    let nginx: Front;

    beforeAll(async () => {
      const file = 'sandbox-first.conf';
      nginx = await startNginx({
        domains: [domain],
        certificate,
        upstreamPort: rig.proxy.port,
        file,
      });
    });

    afterAll(() => nginx.close());

    /** A request whose Host differs from the name that TLS was opened for. */
    const ask = async (name: string, path = '/', servername = host) => {
      const socket = tls.connect({
        host: '127.0.0.1',
        port: nginx.httpsPort,
        servername,
        ca: certificate.pem,
      });
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${name}\r\nConnection: close\r\n\r\n`);
      let answer = '';
      for await (const chunk of socket) answer += chunk;
      return answer;
    };
    const requestsBehind = () => rig.logs().filter(({ path }) => path !== undefined).length;

    test.each([22222, 2280, 33333])('lets nobody to Daytona’s own port %d', async (port) => {
      const before = requestsBehind();
      const name = `${id}-${port}.${domain}`;
      const answer = await ask(name, '/', name);
      expect(answer).toMatch(/^HTTP\/1\.1 404 /);
      expect(answer).toContain(`Port ${port} is Daytona's own.`);
      expect(requestsBehind()).toBe(before);
    });

    test.each([
      ['the port first', `3000-${id}.${domain}`],
      ['a name in the place of the id', `my-sandbox-3000.${domain}`],
      ['no port', `${id}.${domain}`],
      ['a port with a leading zero', `${id}-03000.${domain}`],
      ['another domain', `${id}-3000.elsewhere.test`],
      ['something behind the domain', `${host}.elsewhere.test`],
      ['a dot that is none', host.replace('sandbox.', 'sandboxx')],
    ])('answers 421 for a host with %s', async (_what, name) => {
      expect(await ask(name)).toMatch(/^HTTP\/1\.1 421 /);
    });

    test('opens no TLS for a name of nobody’s', async () => {
      await expect(ask(host, '/', 'elsewhere.test')).rejects.toThrow(/unrecognized name/);
    });

    test('takes a host in capital letters as the same', async () => {
      app = (_req, res) => void res.end('hello');
      expect(await ask(host.toUpperCase())).toMatch(/^HTTP\/1\.1 200 /);
    });

    test('names sandbox and port in its log, and no path', async () => {
      app = (_req, res) => void res.end('hello');
      await ask(host, '/secret-path?key=secret');
      const line = new RegExp(
        `^127\\.0\\.0\\.1 ${id} 3000 GET 200 \\d+ [\\d.]+s [0-9a-f]{32}$`,
        'm',
      );
      expect(await eventually(() => line.test(nginx.accessLog()))).toBe(true);
      expect(nginx.accessLog()).not.toContain('secret');
    });

    test('lets no app steer it', async () => {
      app = (_req, res) => void res.setHeader('x-accel-redirect', '/elsewhere').end('my own');
      expect(await ask(host)).toMatch(/^HTTP\/1\.1 200 [\s\S]*my own/);
    });
  });
});
