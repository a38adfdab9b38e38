/**
 * Attacker: somebody who sends a visitor a link to a sandbox, with a good key in it. Step: gives it
 * a path that a browser reads as another host, or that ends the Location field. Gain: a visitor who
 * trusts the sandbox's address, on a page of the attacker's. Defence: every redirect names scheme
 * and host in full, before a path that the request's parser let through; what it lets through
 * ends no field.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openRedirects } from '../corpus/openRedirects.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { valuesOf, type WireAnswer } from '../support/strictAnswer.ts';

let rig: Rig;
let reached = 0;

beforeAll(async () => {
  rig = await startRig({
    app: (_req, res) => {
      reached++;
      res.end();
    },
    env: { ACCESS_MODE: 'private', RATE_LIMIT_MAX: '0', AUTH_FAILURES_MAX: '0' },
  });
});
afterAll(() => rig.close());

/** The fields that a redirect of ours may have; a new one here is a new one on the wire. */
const known = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'date',
  'keep-alive',
  'location',
  'origin-agent-cluster',
  'referrer-policy',
  'set-cookie',
  'x-content-type-options',
  'x-dns-prefetch-control',
  'x-download-options',
  'x-permitted-cross-domain-policies',
  'x-request-id',
  'x-xss-protection',
]);

/** Opens a link in a browser that leaves nothing of it out. */
async function follow(target: string): Promise<WireAnswer | undefined> {
  const key = `DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`;
  const address = `${target}${target.includes('?') ? '&' : '?'}${key}`;
  const fields = ['Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document', 'Connection: close'];
  const head = [`GET ${address} HTTP/1.1`, `Host: ${rig.host()}`, ...fields];
  const connection = await RawConnection.open(rig.proxy.port);
  connection.send(`${head.join('\r\n')}\r\n\r\n`);
  const answer = await connection.read();
  await connection.closed();
  expect(connection.received).toBe('');
  return answer;
}

test('there are many of them', () => {
  expect(openRedirects.length).toBeGreaterThanOrEqual(220);
  expect(openRedirects.every((target) => target.startsWith('/'))).toBe(true);
});

/** Refused by 400, each for a sign that no target may have. */
const refusable = /[^!-~]|#/;

test.each(openRedirects.map((target) => [JSON.stringify(target.slice(0, 80)), target]))(
  '%s leads nowhere else',
  async (_name, text) => {
    const target = text.replaceAll('$H', rig.host());
    const answer = await follow(target);
    expect(answer?.complete).toBe(true);
    const location = valuesOf(answer?.fields ?? [], 'location');
    const cookies = valuesOf(answer?.fields ?? [], 'set-cookie');
    if (refusable.test(target)) {
      expect([answer?.status, location, cookies]).toEqual([400, [], []]);
    } else {
      expect(answer?.status).toBe(303);
      expect(location).toEqual([`http://${rig.host()}${target}`]);
      for (const url of [new URL(`${location}`), new URL(`${location}`, `http://${rig.host()}/`)]) {
        expect([url.protocol, url.host]).toEqual(['http:', rig.host()]);
        expect([url.username, url.password]).toEqual(['', '']);
      }
      const names = answer?.fields.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
      expect(names?.filter((name) => !known.has(name))).toEqual([]);
      expect(new Set(names).size).toBe(names?.length);
      expect(cookies).toEqual([expect.stringMatching(/^daytona-proxy=[\w.-]+; Path=\/; /)]);
      expect(answer?.body).toBe('');
    }
    expect(reached).toBe(0);
  },
);
