import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { raw } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let sandbox: net.Server;
/** All bytes that each connection to the sandbox has sent, in the order of the connections. */
let received: string[] = [];
/** Answers one chunk of a request; `nth` counts the connections from 0. */
let respond: (socket: Socket, text: string, nth: number) => void;

beforeAll(async () => {
  rig = await startRig();
  sandbox = net.createServer((socket) => {
    const nth = received.push('') - 1;
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      received[nth] += text;
      respond(socket, text, nth);
    });
  });
  sandbox.listen(0, '127.0.0.1');
  await once(sandbox, 'listening');
  const { port } = sandbox.address() as AddressInfo;
  rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${port}`);
});
afterAll(async () => {
  await rig.close();
  sandbox.close();
});
let port = 4000;
beforeEach(() => {
  port += 1; // Each test has its own connections to the sandbox.
  received = [];
});

const request = (fields = '', line = 'GET / HTTP/1.1') =>
  raw(rig.proxy.port, `${line}\r\nHost: ${rig.host(port)}\r\n${fields}Connection: close\r\n\r\n`);
const answering = (text: string) => {
  respond = (socket) => socket.write(text, 'latin1');
};
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

describe('the request', () => {
  test.each(['/', '//', '//a//b', '/%2F%2f', '/a;b=c;d', '/?', '/?a=%20&a=+', '/..%2f../x'])(
    'goes up with its path as it came: %s',
    async (path) => {
      answering(ok);
      const bytes = Buffer.from(path).toString('latin1');
      await request('', `GET ${bytes} HTTP/1.1`);
      expect(received[0]).toMatch(/^GET \S+ HTTP\/1\.1\r\n/);
      expect(received[0]?.split(' ')[1]).toBe(bytes);
    },
  );

  test('keeps repeated fields, in their order and spelling', async () => {
    answering(ok);
    await request('X-b: 1\r\nCookie: a=1\r\nX-B: 2\r\nCOOKIE: b=2\r\nAccept: x\r\n');
    const own = received[0]?.split('\r\n').filter((line) => /^(?:x-b|cookie|accept):/i.test(line));
    expect(own).toEqual(['X-b: 1', 'Cookie: a=1', 'X-B: 2', 'COOKIE: b=2', 'Accept: x']);
  });

  test('has its 100 Continue from us once the sandbox is connected', async () => {
    answering(ok);
    const socket = net.connect(rig.proxy.port, '127.0.0.1');
    const text = once(socket.setEncoding('latin1'), 'data');
    socket.write(`PUT / HTTP/1.1\r\nHost: ${rig.host(port)}\r\nContent-Length: 4\r\n`);
    socket.write('Expect: 100-continue\r\n\r\n');
    expect(await text).toEqual(['HTTP/1.1 100 Continue\r\n\r\n']);
    socket.write('body');
    expect(String(await once(socket, 'data'))).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(received[0]).not.toMatch(/expect/i);
    expect(received[0]).toMatch(/\r\n\r\nbody$/);
    socket.destroy();
  });

  test('is refused before its body is asked for', async () => {
    const got = await raw(
      rig.proxy.port,
      `PUT / HTTP/1.1\r\nHost: ${rig.host(2280)}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`,
    );
    expect(got).toMatch(/^HTTP\/1\.1 403 /);
    expect(got).toMatch(/\r\nConnection: close\r\n/);
  });
});

describe('the answer', () => {
  test.each([
    ['whole', ['HTTP/1.1 100 Continue\r\nX: y\r\n\r\n', ok]],
    ['twice', ['HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100\r\n\r\n', ok]],
    ['with the answer', [`HTTP/1.1 100 Continue\r\n\r\n${ok}`]],
    ['in pieces', ['HTT', 'P/1.1 10', '0 Continue\r\n', '\r', `\n${ok.slice(0, 9)}`, ok.slice(9)]],
  ])('follows a 100 that nobody asked for: %s', async (_how, pieces) => {
    respond = async (socket) => {
      for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent));
    };
    const got = await request();
    expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(got.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  test('may speak of 100 Continue in its body', async () => {
    const body = 'HTTP/1.1 100 Continue\r\n\r\n';
    respond = (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      socket.write(body);
    };
    expect(await request()).toMatch(/\r\n\r\nHTTP\/1\.1 100 Continue\r\n\r\n$/);
  });

  test('is not waited for behind 100s without end', async () => {
    answering('HTTP/1.1 100 Continue\r\n\r\n'.repeat(2_000));
    expect(await request()).toMatch(/^HTTP\/1\.1 502 /);
  });

  const hints =
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nSet-Cookie: a=b\r\n\r\n';
  test('comes behind its early hints', async () => {
    answering(hints + ok);
    expect(await request()).toMatch(
      /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n/,
    );
  });

  test('comes without them to an HTTP/1.0 client', async () => {
    answering(hints + ok);
    expect(await request('', 'GET / HTTP/1.0')).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  const trailing =
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nSet-Cookie: a=b\r\n\r\n';
  test('brings its trailers to a client that takes them, without what belongs in a head', async () => {
    answering(trailing);
    const got = await request('TE: trailers\r\n');
    expect(got).toMatch(/\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n$/);
    expect(received[0]).toMatch(/\r\nte: trailers\r\n/);
  });

  test('leaves them out for any other', async () => {
    answering(trailing);
    expect(await request()).toMatch(/\r\n2\r\nok\r\n0\r\n\r\n$/);
  });

  test.each([
    [
      '204',
      'HTTP/1.1 204 X\r\nContent-Length: 0\r\n\r\n',
      /^HTTP\/1\.1 204 (?!.*content-length)/is,
    ],
    [
      '205',
      'HTTP/1.1 205 X\r\nContent-Length: 2\r\n\r\nhi',
      /\r\nContent-Length: 0\r\n.*\r\n\r\n$/s,
    ],
    [
      '304',
      'HTTP/1.1 304 X\r\nETag: "x"\r\n\r\n',
      /^HTTP\/1\.1 304 .*\r\nETag: "x"\r\n.*\r\n\r\n$/s,
    ],
  ])('has no body where its status allows none: %s', async (_status, text, expected) => {
    answering(text);
    expect(await request()).toMatch(expected);
  });

  test('reaches a client that is still uploading and wants the connection closed', async () => {
    respond = (socket, text) => {
      if (/^POST/.test(text)) socket.write('HTTP/1.1 413 X\r\nContent-Length: 3\r\n\r\nbig');
    };
    const client = net.connect({ port: rig.proxy.port, host: '127.0.0.1', allowHalfOpen: true });
    let got = '';
    client.setEncoding('latin1').on('data', (text) => {
      got += text;
    });
    let failed = false;
    client.on('error', () => {
      failed = true;
    });
    const size = 20_000_000;
    client.write(`POST / HTTP/1.1\r\nHost: ${rig.host(port)}\r\nConnection: close\r\n`);
    client.write(`Content-Length: ${size}\r\n\r\n`);
    client.end(Buffer.alloc(size));
    await once(client, 'close');
    expect(got).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\n\r\nbig$/);
    expect(failed).toBe(false);
  });
});

describe('a request is sent again', () => {
  const first = (socket: Socket, nth: number) => {
    if (nth === 0 && (received[0]?.match(/HTTP\/1\.1/g)?.length ?? 0) === 1)
      return socket.write(ok);
    return undefined;
  };

  test('once, where the sandbox closed the idle connection that it went out on', async () => {
    respond = (socket, _text, nth) => {
      if (!first(socket, nth)) nth === 0 ? socket.destroy() : socket.write(ok);
    };
    await request();
    expect(await request('', 'GET / HTTP/1.1')).toMatch(/^HTTP\/1\.1 200 /);
    expect(received).toHaveLength(2);
  });

  test('not if it may change something: that goes out once, on a connection of its own', async () => {
    respond = (socket, _text, nth) => {
      if (!first(socket, nth)) socket.destroy();
    };
    await request();
    expect(await request('', 'DELETE / HTTP/1.1')).toMatch(/^HTTP\/1\.1 502 /);
    expect(received.map((text) => text.slice(0, 6))).toEqual(['GET / ', 'DELETE']);
  });

  test('not where a byte of an answer came', async () => {
    respond = (socket, _text, nth) => {
      if (!first(socket, nth)) socket.end('HTTP/1.1 2');
    };
    await request();
    expect(await request('', 'GET / HTTP/1.1')).toMatch(/^HTTP\/1\.1 502 [\s\S]*UPSTREAM_INVALID/);
    expect(received).toHaveLength(1);
  });

  test.each(['destroy', 'resetAndDestroy'] as const)(
    'not where the connection was new: %s',
    async (end) => {
      respond = (socket) => socket[end]();
      expect(await request()).toMatch(/^HTTP\/1\.1 502 [\s\S]*UPSTREAM_UNREACHABLE/);
      expect(received).toHaveLength(1);
    },
  );
});
