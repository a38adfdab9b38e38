/**
 * Attacker: anyone who can reach the proxy. Step: sends bytes that two parsers read differently, or
 * fields that play ours. Gain: a request that passes the checks for one host and is carried to
 * another, a second request inside the first, an address or a token of the attacker's making.
 * Defence: Node's parser and `host/inspect.ts` answer 400 and close, nothing behind is read, and
 * nothing reaches Daytona or a sandbox; what is sound is carried under a head of our own.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clientRequests } from '../corpus/clientRequests.ts';
import type { Carried, ClientRequest } from '../corpus/requestCase.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { raw } from '../support/client.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { RecordingSandbox } from '../support/recordingSandbox.ts';
import { type Door, expectAllCarried, expectRefusal, fill } from '../support/requestVerdict.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { valuesOf, type WireAnswer } from '../support/strictAnswer.ts';
import { type Connect, plain, tlsTo } from '../support/transport.ts';

let rig: Rig;
let recorder: RecordingSandbox;
let other: Rig['sandbox'];
let certificate: Certificate;
let connect: Connect;
let nextPort = 10_000;
/** What each port was for. */
const cases = new Map<number, { entry: ClientRequest; reached: number }>();

const entries = clientRequests.map((entry) => [entry.name, entry] as const);
const upgrade =
  'GET / HTTP/1.1\r\nHost: $H\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

beforeAll(() => {
  certificate = makeCertificate([domain]);
});
afterAll(() => certificate.remove());

describe.each(['http', 'https'] as const)('over %s', (proto) => {
  beforeAll(async () => {
    const files = { TLS_CERT_FILE: certificate.certPath, TLS_KEY_FILE: certificate.keyPath };
    rig = await startRig({ env: { RATE_LIMIT_MAX: '0', ...(proto === 'https' && files) } });
    connect = proto === 'https' ? tlsTo(rig.host(), certificate.pem) : plain;
    cases.clear();
    other = rig.daytona.sandboxes.create();
    recorder = await RecordingSandbox.start();
    rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${recorder.port}`);
  });
  afterAll(async () => {
    await rig.close();
    await recorder.close();
  });

  test.each(entries)('%s', async (_name, entry) => {
    // Each case has a port, and so connections and lookups, of its own.
    nextPort += 1;
    const port = nextPort;
    const door: Door = { host: rig.host(port), other: rig.host(port, other), proto };
    const visitor = await RawConnection.open(rig.proxy.port, connect);
    visitor.send(fill(entry.bytes, door));

    let answer: WireAnswer | undefined;
    for (const outcome of entry.outcomes) {
      answer =
        outcome.kind === 'refused'
          ? await readRefusal(visitor, entry, outcome.status)
          : await readAnswer(visitor, outcome, door);
      expect(answer.interim.map(({ status }) => status)).toEqual(entry.continued ? [100] : []);
    }

    // The next request on the connection is read from its beginning: nothing was left over.
    const expected = entry.outcomes.filter((outcome) => outcome.kind === 'carried');
    if (answer?.status === 101) {
      visitor.socket.destroy();
    } else if (valuesOf(answer?.fields ?? [], 'connection').includes('close')) {
      await visitor.closed();
      expect(visitor.received).toBe('');
    } else {
      expected.push({ kind: 'carried', method: 'GET', target: '/after', fields: [], body: '' });
      visitor.send(`GET /after HTTP/1.1\r\nHost: ${door.host}\r\n\r\n`);
      expect(await visitor.read()).toMatchObject({ status: 200, body: '/after' });
      expect(visitor.received).toBe('');
      visitor.socket.destroy();
    }

    const requests = recorder.requestsTo(`${port}-`);
    cases.set(port, { entry, reached: requests.length });
    // A body may turn out to be none only when its head has gone: then the sandbox sees no end of it.
    const whole = requests.filter(({ complete }) => complete || !isBegun(entry));
    expectAllCarried(whole, expected, door, rig.sandbox);
    expect(recorder.tunnels(`${port}-`)).toEqual(
      expected.flatMap(({ tunnel }) => (tunnel === undefined ? [] : [fill(tunnel, door)])),
    );
    expect(recorder.malformed).toEqual([]);
    if (expected.length === 0 && !isBegun(entry)) expect(callsFor(port)).toEqual([]);
  });

  test('none of them reaches Daytona or a sandbox later', () => {
    const late = [...cases].flatMap(([port, { entry, reached }]) => {
      const refused = entry.outcomes.every(({ kind }) => kind === 'refused') && !isBegun(entry);
      const more = recorder.requestsTo(`${port}-`).length - reached;
      return more > 0 || (refused && callsFor(port).length > 0) ? [entry.name] : [];
    });
    expect(late).toEqual([]);
    expect(rig.daytona.calls.filter(({ path }) => path.includes(other.id))).toEqual([]);
  });

  test('none of them is logged as a failure of the proxy itself', () => {
    const failures = rig
      .logs()
      .filter(({ event, code }) => event === 'process.crash' || code === 'INTERNAL');
    expect(failures).toEqual([]);
  });

  test.each([
    ['an unknown expectation', 'GET / HTTP/1.1\r\nHost: x.test\r\nExpect: x\r\n\r\n'],
    ['a request without Host', 'GET / HTTP/1.1\r\n\r\n'],
    ['a request for us', 'GET /health HTTP/1.1\r\nHost: x.test\r\n\r\n'],
  ])('survives an upgrade pipelined behind %s', async (_what, first) => {
    const host = rig.host(2280);
    const answer = await raw(rig.proxy.port, (first + upgrade).replaceAll('$H', host), connect);
    expect(answer).toMatch(/^HTTP\/1\.1 [24]/);
  });
});

/** Reads an answer of the recording sandbox, which says what was asked. */
async function readAnswer(visitor: RawConnection, asked: Carried, door: Door): Promise<WireAnswer> {
  const { method, target, handshake, tunnel } = asked;
  if (tunnel !== undefined) {
    const echo = `\r\n\r\n${fill(tunnel, door)}`;
    await visitor.until((received) => received.endsWith(echo));
  }
  const answer = await visitor.read(method);
  const status = !handshake ? 200 : tunnel === undefined ? 426 : 101;
  const body = tunnel ?? (method === 'HEAD' ? '' : target);
  expect(answer).toMatchObject({ status, complete: true, body: fill(body, door) });
  return answer as WireAnswer;
}

async function readRefusal(
  visitor: RawConnection,
  { bytes, outcomes }: ClientRequest,
  status: number,
): Promise<WireAnswer> {
  const method = outcomes.length === 1 && bytes.startsWith('HEAD ') ? 'HEAD' : 'GET';
  const answer = await visitor.read(method);
  expectRefusal(answer, status);
  return answer as WireAnswer;
}

function isBegun({ outcomes }: ClientRequest): boolean {
  return outcomes.some((outcome) => outcome.kind === 'refused' && outcome.begun);
}

function callsFor(port: number): string[] {
  const paths = rig.daytona.calls.map(({ path }) => path);
  return paths.filter((path) => path.includes(`/ports/${port}/`));
}
