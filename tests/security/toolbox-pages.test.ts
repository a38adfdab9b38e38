/**
 * Attacker: whoever owns one sandbox, behind a proxy in platform mode.
 * Step: leads an operator's browser to a page of that sandbox on the bare host, by its toolbox:
 *   `/toolbox/{id}/proxy/{port}/…`, with the sandbox's own key in the address.
 * Gain: a script on the origin of `/stats`, which reads there by the operator's cookie and forgets
 *   sandboxes, or a service worker that shows a login form of its own.
 * Defence: what comes from a toolbox gets an origin of its own, as a frame with `sandbox` has it.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({
    platform: true,
    app: (_req, res) => {
      res.setHeader('Content-Security-Policy', "default-src 'self'");
      res.setHeader('Content-Type', 'text/html').end('<script src="evil.js"></script>');
    },
  });
});
afterAll(() => rig.close());

const policiesOf = async (host: string, path: string) => {
  const answer = await ask(rig.proxy.port, {
    host,
    path: `${path}?DAYTONA_SANDBOX_AUTH_KEY=${rig.sandbox.token}`,
  });
  return { status: answer.status, policies: String(answer.headers['content-security-policy']) };
};

test('a page that a toolbox answers with has an origin of its own', async () => {
  const path = `/toolbox/${rig.sandbox.id}/proxy/3000/evil.html`;
  const { status, policies } = await policiesOf(domain, path);
  expect(status).toBe(200);
  expect(policies).toMatch(/(^|, )sandbox allow-/);
  expect(policies).not.toContain('allow-same-origin');
  expect(policies).not.toContain('allow-top-navigation');
  expect(policies).toContain("default-src 'self'");
});

test('an app keeps the origin of its own host', async () => {
  const { status, policies } = await policiesOf(rig.host(), '/');
  expect([status, policies]).toEqual([200, "default-src 'self'"]);
});
