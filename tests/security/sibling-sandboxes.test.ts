/**
 * Attacker: a sandbox. Step: gives every visitor a hostile answer, on connections that the proxy
 * keeps and shares. Gain: another sandbox's visitors see errors, or its bytes; or its own next
 * visitor is answered by what was sent before he asked. Defence: connections are shared within one
 * sandbox's port only, and one on which something came unasked is closed.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import type { SandboxAnswer } from '../corpus/answerCase.ts';
import { sandboxAnswers } from '../corpus/sandboxAnswers.ts';
import { openWebSocket } from '../support/client.ts';
import { type Door, HostileSandbox, type Kind } from '../support/hostileSandbox.ts';
import { RawConnection } from '../support/rawConnection.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { SEEN } from '../support/scriptedUpstream.ts';

let rig: Rig;
let hostile: HostileSandbox;
let door: Door;
/** The paths that the healthy sandbox's app was asked for. */
const healthyPaths: string[] = [];

beforeAll(async () => {
  rig = await startRig({ app: healthyApp, env: { RATE_LIMIT_MAX: '0' } });
  const echo = new WebSocketServer({ noServer: true });
  rig.app.on('upgrade', (req, socket, head) => {
    healthyPaths.push(req.url ?? '');
    echo.handleUpgrade(req, socket as Socket, head, (ws) => {
      ws.on('message', (data, binary) => ws.send(data, { binary }));
    });
  });
  hostile = await HostileSandbox.start();
  hostile.withinMs = 10_000; // Six of its visitors and three of the other one come at once.
  const sandbox = rig.daytona.sandboxes.create();
  door = { proxyPort: rig.proxy.port, host: rig.host(4000, sandbox) };
  rig.daytona.faults.previewUrl = (url) =>
    url.includes(`//4000-${sandbox.id}.`) ? url.replace(/:\d+$/, `:${hostile.upstream.port}`) : url;
});
afterAll(async () => {
  await rig.close();
  await hostile.close();
});

test('a sandbox harms none but itself, whatever it answers', async () => {
  // Left out are the answers of which another visitor of the same sandbox may get the second half.
  const visits = sandboxAnswers
    .filter(({ greeting, poisons, steps }) => !greeting && !(poisons && steps.includes(SEEN)))
    .flatMap((entry) => [
      { entry, kind: 'request' as Kind },
      { entry, kind: 'upgrade' as Kind },
    ]);
  shuffle(visits, 20_260_611);
  let over = false;
  const healthy = [getAgain, postAgain, talkAgain].map((again) => again(() => over));
  const wrong: string[] = [];
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      let kept: RawConnection | undefined;
      for (let next = visits.pop(); next; next = visits.pop()) {
        const { entry, kind } = next;
        kept = await hostile
          .visit(door, entry, kind, kept)
          .catch((error: Error) => void wrong.push(`${entry.name}, ${kind}: ${error.message}`));
      }
      kept?.socket.destroy();
    }),
  );
  over = true;
  for (const count of await Promise.all(healthy)) expect(count).toBeGreaterThan(50);
  expect(wrong).toEqual([]);
  expect(healthyPaths.filter((path) => !path.startsWith('/healthy'))).toEqual([]);
  expect(hostile.upstream.received.filter(({ path }) => !path.startsWith('/evil'))).toEqual([]);
});

describe('what a sandbox sends behind an answer reaches nobody:', () => {
  const behind = sandboxAnswers.filter(({ poisons, steps }) => poisons && !steps.includes(SEEN));

  test.each(behind.map((entry) => [entry.name, entry] as const))('%s', async (_name, entry) => {
    const first = await RawConnection.open(door.proxyPort);
    const second = await RawConnection.open(door.proxyPort);
    for (let round = 0; round < 10; round += 1) {
      const path = hostile.plan(entry.steps, door.host);
      first.send(`${entry.method ?? 'GET'} ${path} HTTP/1.1\r\nHost: ${door.host}\r\n\r\n`);
      const answer = await first.read(entry.method);
      expect(answer).toMatchObject({ status: statusOf(entry), complete: true });
      second.send(`GET /clean/${round} HTTP/1.1\r\nHost: ${door.host}\r\n\r\n`);
      expect(await second.read()).toMatchObject({ status: 200, body: `/clean/${round}` });
    }
    expect(first.received + second.received).toBe('');
    first.socket.destroy();
    second.socket.destroy();
  });
});

function healthyApp(req: IncomingMessage, res: ServerResponse): void {
  healthyPaths.push(req.url ?? '');
  res.setHeader('X-Sandbox', 'healthy');
  if (req.method === 'POST') req.pipe(res);
  else res.end(`healthy ${req.url}`);
}

type Loop = (over: () => boolean) => Promise<number>;

/** Asks for one page after another on one connection; gives their number. */
const getAgain: Loop = async (over) => {
  const visitor = await RawConnection.open(rig.proxy.port);
  let count = 0;
  for (; !over(); count += 1) {
    visitor.send(`GET /healthy/${count} HTTP/1.1\r\nHost: ${rig.host()}\r\n\r\n`);
    expectHealthy(await visitor.read('GET', 10_000), `healthy /healthy/${count}`);
  }
  visitor.socket.destroy();
  return count;
};

/** Uploads on one connection what the app sends back. */
const postAgain: Loop = async (over) => {
  const visitor = await RawConnection.open(rig.proxy.port);
  let count = 0;
  for (; !over(); count += 1) {
    const body = text(count);
    visitor.send(
      `POST /healthy/upload HTTP/1.1\r\nHost: ${rig.host()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    expectHealthy(await visitor.read('POST', 10_000), body);
  }
  visitor.socket.destroy();
  return count;
};

/** Talks on one WebSocket with the app, which repeats every message. */
const talkAgain: Loop = async (over) => {
  const { socket, next } = await openWebSocket(rig.proxy.port, rig.host(), '/healthy/talk');
  let count = 0;
  for (; !over(); count += 1) {
    socket.send(text(count));
    expect(String((await next()).data)).toBe(text(count));
  }
  socket.terminate();
  return count;
};

function expectHealthy(answer: Awaited<ReturnType<RawConnection['read']>>, body: string): void {
  const { status, fields = [], complete } = answer ?? {};
  expect([status, complete, answer?.body]).toEqual([200, true, body]);
  const theirs = fields.filter(
    (line) => !/^(?:x-request-id|date|connection|keep-alive|transfer-encoding):/i.test(line),
  );
  expect(theirs.filter((line) => !/^content-length:/i.test(line))).toEqual(['X-Sandbox: healthy']);
}

/** Up to 16 KB of text that differs with every count. */
function text(count: number): string {
  const line = createHash('sha256').update(String(count)).digest('hex');
  return line.repeat(1 + ((count * 97) % 256));
}

function statusOf(entry: SandboxAnswer): number | undefined {
  return entry.request.kind === 'answer' ? entry.request.answer.status : undefined;
}

/** Fisher and Yates's, by the Park–Miller generator: the same order every time. */
function shuffle(items: unknown[], seed: number): void {
  let state = seed;
  for (let last = items.length - 1; last > 0; last -= 1) {
    state = (state * 48_271) % 2_147_483_647;
    const other = state % (last + 1);
    [items[last], items[other]] = [items[other], items[last]];
  }
}
