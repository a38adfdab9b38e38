/**
 * Attacker: anyone who can reach nginx. Step: sends what nginx and this proxy could read
 * differently. Gain: a second request inside the first, on a connection that other visitors use
 * too, or one to another host than the one that was named. Defence: what nginx refuses ends there,
 * what it passes on unchanged is refused here, and what it makes sound is carried as it made it:
 * as many requests as are answered, each to the host that it names.
 */
import { once } from 'node:events';
import tls, { type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { clientRequests } from '../corpus/clientRequests.ts';
import type { ClientRequest } from '../corpus/requestCase.ts';
import { describeWith } from '../support/binary.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { type Front, startNginx } from '../support/nginx.ts';
import { RecordingSandbox } from '../support/recordingSandbox.ts';
import { type Door, expectAllCarried, expectOwnFields, fill } from '../support/requestVerdict.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { readAnswer, valuesOf, type WireAnswer } from '../support/strictAnswer.ts';

const entries = clientRequests.map((entry) => [entry.name, entry] as const);

describeWith('nginx', 'Hostile requests behind nginx', () => {
  let rig: Rig;
  let recorder: RecordingSandbox;
  let other: Rig['sandbox'];
  let certificate: Certificate;
  let nginx: Front;
  let nextPort = 10_000;
  /** How many requests of each port's case have reached the sandbox. */
  const reached = new Map<number, number>();

  beforeAll(async () => {
    rig = await startRig({ env: { RATE_LIMIT_MAX: '0', TRUSTED_PROXIES: '127.0.0.1/32' } });
    other = rig.daytona.sandboxes.create();
    recorder = await RecordingSandbox.start();
    rig.daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${recorder.port}`);
    certificate = makeCertificate([domain]);
    nginx = await startNginx({
      domains: [domain],
      certificate,
      upstreamPort: rig.proxy.port,
    });
  });
  afterAll(async () => {
    await nginx.close();
    await rig.close();
    await recorder.close();
    certificate.remove();
  });

  test.each(entries)('%s', async (_name, entry) => {
    nextPort += 1;
    const host = rig.host(nextPort);
    const door: Door = { host, other: rig.host(nextPort, other), proto: 'https' };
    const socket = tls.connect({
      host: '127.0.0.1',
      port: nginx.httpsPort,
      servername: host,
      ca: certificate.pem,
    });
    await once(socket, 'secureConnect');
    const answers = await converse(socket, entry, door);
    const requests = recorder.requestsTo(`${nextPort}-`);
    reached.set(nextPort, requests.length);
    expect(recorder.malformed).toEqual([]);

    // A smuggled request would be one without an answer of its own.
    const whole = requests.filter(({ complete }) => complete);
    const asked = answers.flatMap(({ fields }) => valuesOf(fields, 'x-asked'));
    expect(whole.map(({ target }) => target).sort()).toEqual(asked.sort());
    for (const { target, fields } of requests) {
      const named = target === '/smuggled' ? other : rig.sandbox;
      expectOwnFields(fields, expect.stringContaining(`-${named.id}.`), 'https', named);
    }
    const refusals = answers.filter(({ fields }) => valuesOf(fields, 'x-asked').length === 0);
    for (const { status, fields } of refusals) {
      expect(status).toBeGreaterThanOrEqual(400);
      // Where it was not nginx that refused, it was the request that was at fault.
      expect(['INVALID_REQUEST']).toEqual(
        expect.arrayContaining(valuesOf(fields, 'x-proxy-error')),
      );
    }

    if (entry.disputed) return;
    const expected = entry.outcomes.filter((outcome) => outcome.kind === 'carried');
    const before = whole.filter(({ target }) => target !== '/after');
    expectAllCarried(before, expected, door, rig.sandbox);
    if (expected.length === entry.outcomes.length) expect(refusals).toEqual([]);
  });

  test('none of them reaches a sandbox later', () => {
    const now = [...reached.keys()].map((port) => [port, recorder.requestsTo(`${port}-`).length]);
    expect(now).toEqual([...reached]);
  });

  test('none of them is logged as a failure of the proxy itself, or of nginx', () => {
    const failures = rig
      .logs()
      .filter(({ event, code }) => event === 'process.crash' || code === 'INTERNAL');
    expect(failures).toEqual([]);
    expect(nginx.log.filter((line) => /\[(?:crit|alert|emerg)\]/.test(line))).toEqual([]);
  });
});

/**
 * Sends the entry's bytes, and once they have an answer a last request, so that nginx closes behind
 * all that it has read; a tunnel is left once it has echoed.
 *
 * @returns every answer, but none to what nginx takes for HTTP/0.9, which has no head
 */
async function converse(
  socket: TLSSocket,
  { bytes, outcomes, disputed }: ClientRequest,
  door: Door,
): Promise<WireAnswer[]> {
  const method = bytes.startsWith('HEAD ') ? 'HEAD' : 'GET';
  const last = outcomes.at(-1);
  const echo = disputed || last?.kind !== 'carried' ? '' : fill(last.tunnel ?? '', door);
  let received = '';
  const awaited = disputed ? 1 : outcomes.length;
  let ending = false;
  socket.setEncoding('latin1');
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    received += text;
    const answers = readAll(received, method, false);
    const switched = answers.find(({ status }) => status === 101);
    if (switched?.body.endsWith(echo)) socket.destroy();
    if (switched || ending || answers.length < awaited) return;
    ending = true;
    socket.write(`GET /after HTTP/1.1\r\nHost: ${door.host}\r\nConnection: close\r\n\r\n`);
  });
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    socket.destroy();
  }, 4_000);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(fill(bytes, door), 'latin1');
  await closed; // Also where nginx resets it, because it had not read all.
  clearTimeout(deadline);
  if (late) throw new Error(`no end; received ${JSON.stringify(received.slice(0, 300))}`);
  return readAll(received, method, true);
}

function readAll(text: string, method: string, ended: boolean): WireAnswer[] {
  const answers: WireAnswer[] = [];
  for (let rest = text; rest.startsWith('HTTP/1.1 '); ) {
    const answer = readAnswer(rest, answers.length === 0 ? method : 'GET', ended);
    if (!answer) break;
    answers.push(answer);
    rest = rest.slice(answer.length);
  }
  return answers;
}
