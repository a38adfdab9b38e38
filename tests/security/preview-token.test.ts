/**
 * Attacker: a public sandbox's app, or a visitor. Step: reads the headers that arrive. Gain: the
 * preview token, which opens the sandbox's terminal. Defence: the token goes to Daytona's edge,
 * for private sandboxes, and nowhere else.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { afterEach, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
let seen: IncomingHttpHeaders;
const start = async (isPublic: boolean) => {
  rig = await startRig({
    sandbox: { public: isPublic },
    app: (req, res) => {
      seen = req.headers;
      res.setHeader('X-Daytona-Preview-Token', req.headers['x-daytona-preview-token'] ?? 'none');
      res.end('ok');
    },
  });
};

afterEach(() => rig.close());

test.each([true, false])('no app sees it (public: %s), and no visitor', async (isPublic) => {
  await start(isPublic);
  const answer = await ask(rig.proxy.port, { host: rig.host() });
  expect(answer.body).toBe('ok');
  expect(JSON.stringify(seen)).not.toContain(rig.sandbox.token);
  expect(JSON.stringify(answer)).not.toContain(rig.sandbox.token);
  expect(answer.headers['x-daytona-preview-token']).toBeUndefined();
});

test('a visitor cannot have it dropped, or send one of their own', async () => {
  await start(false);
  for (const headers of [
    { connection: 'close, x-daytona-preview-token' },
    { 'x-daytona-preview-token': 'forged' },
    { x_daytona_preview_token: 'forged' },
  ]) {
    const answer = await ask(rig.proxy.port, { host: rig.host(), headers });
    expect(answer.body).toBe('ok');
    expect(JSON.stringify(seen)).not.toContain('forged');
  }
});
