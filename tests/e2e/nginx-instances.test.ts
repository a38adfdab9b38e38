/** Guarantee: Nginx takes to another instance what is safe to repeat, and nothing else. */
import { once } from 'node:events';
import http, { type IncomingMessage, type Server } from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { describeWith, freePorts } from '../support/binary.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { type Front, startNginx } from '../support/nginx.ts';
import { closeServer, domain, listen } from '../support/rig.ts';

const host = `3000-abc.${domain}`;

describeWith('nginx', 'Nginx before two instances', () => {
  let certificate: Certificate;
  let nginx: Front;
  /** The second instance, which lives. */
  let living: Server;
  /** Every method that an instance was sent. */
  let seen: { dying: string[]; living: string[] };

  beforeAll(() => {
    certificate = makeCertificate([domain]);
  });
  afterAll(() => certificate.remove());
  beforeEach(() => {
    seen = { dying: [], living: [] };
    living = http.createServer((req, res) => {
      seen.living.push(req.method ?? '');
      req.resume().on('end', () => res.end(req.url));
    });
  });
  afterEach(async () => {
    await nginx.close();
    await closeServer(living);
  });

  const begin = async (upstreamPort: number) => {
    const otherPorts = [await listen(living)];
    nginx = await startNginx({ domains: [domain], certificate, upstreamPort, otherPorts });
  };
  const send = async (
    method: string,
    upload = '',
    // Said, because Node says nothing of a GET's.
    headers: http.OutgoingHttpHeaders = upload ? { 'content-length': upload.length } : {},
  ) => {
    const req = https.request({
      host: '127.0.0.1',
      port: nginx.httpsPort,
      servername: host,
      ca: certificate.pem,
      agent: false,
      method,
      path: '/a//b%2f?c=%zz',
      headers: { host, ...headers },
    });
    req.end(upload);
    const [res] = (await once(req, 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of res) text += chunk;
    return { status: res.statusCode, text };
  };
  /** An instance that ends as soon as it has been sent something. */
  const withDying = async (fn: () => Promise<void>) => {
    const dying = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', (chunk) => {
        seen.dying.push(String(chunk).split(' ', 1)[0] ?? '');
        socket.resetAndDestroy();
      });
    });
    dying.listen(0, '127.0.0.1');
    await once(dying, 'listening');
    try {
      await begin((dying.address() as net.AddressInfo).port);
      await fn();
    } finally {
      dying.close();
    }
  };

  test.each(['GET', 'HEAD', 'OPTIONS'])('repeats %s at the other', async (method) => {
    await withDying(async () => {
      const text = method === 'HEAD' ? '' : '/a//b%2f?c=%zz';
      expect(await send(method)).toEqual({ status: 200, text });
      expect(seen).toEqual({ dying: [method], living: [method] });
    });
  });

  test.each([
    ['PUT', 0],
    ['PUT', 100],
    ['PUT', 99_999],
    ['DELETE', 0],
    ['DELETE', 100],
  ])('repeats %s with a body of %i bytes at the other, whole', async (method, size) => {
    const bodies: number[] = [];
    living.on('request', async (req) => {
      let bytes = 0;
      req.on('data', (chunk) => {
        bytes += chunk.length;
      });
      req.on('end', () => bodies.push(bytes));
    });
    await withDying(async () => {
      expect((await send(method, 'x'.repeat(size))).status).toBe(200);
      expect(seen).toEqual({ dying: [method], living: [method] });
      expect(bodies).toEqual([size]);
    });
  });

  test.each([
    ['POST', 100],
    ['POST', 0],
    ['PATCH', 100],
    ['PUT', 1_000_000],
    ['PROPFIND', 0],
    ['MOVE', 0],
    ['LOCK', 0],
    ['REPORT', 0],
    ['GET', 100],
  ])('sends %s with a body of %i bytes once', async (method, size) => {
    await withDying(async () => {
      expect((await send(method, 'x'.repeat(size))).status).toBe(502);
      expect(seen).toEqual({ dying: [method], living: [] });
    });
  });

  test('sends a chunked upload once that does not come with its head', async () => {
    await withDying(async () => {
      const upload = 'x'.repeat(1_000_000);
      expect((await send('PUT', upload, { 'transfer-encoding': 'chunked' })).status).toBe(502);
      expect(seen).toEqual({ dying: ['PUT'], living: [] });
    });
  });

  test('finds the living instance where the other is gone, also for what it sends once', async () => {
    const [nobody] = await freePorts();
    await begin(nobody);
    for (const method of ['POST', 'GET', 'PATCH', 'PUT', 'DELETE']) {
      expect([method, (await send(method, 'abc')).status]).toEqual([method, 200]);
    }
  });

  test('hands on whole what it sends once', async () => {
    const sizes: number[] = [];
    living.removeAllListeners('request').on('request', async (req, res) => {
      let size = 0;
      for await (const chunk of req) size += chunk.length;
      sizes.push(size);
      res.end(req.url);
    });
    const [nobody] = await freePorts();
    await begin(nobody);
    await send('GET');
    const answer = await send('PUT', 'x'.repeat(3_000_000), { expect: '100-continue' });
    expect(answer).toEqual({ status: 200, text: '/a//b%2f?c=%zz' });
    expect(sizes).toEqual([0, 3_000_000]);
  });
});
