import { setTimeout as wait } from 'node:timers/promises';
import { createBrotliDecompress, createUnzip } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { credentialOf, diagnose, mostTries, strangers } from './diagnosis.ts';
import { openEcho } from './echo.ts';
import type { Examination } from './examination.ts';
import { type Check, failed, ok, Skipped } from './finding.ts';
import { fixFor } from './fixes.ts';
import { arrival } from './front.ts';
import { explain } from './refusal.ts';

const pauseMs = 1_500;
const uploadBytes = 20_000_000;
const megabytes = uploadBytes / 1_000_000;
const patienceMs = 10_000;

const events: Check = {
  name: 'event-stream',
  topic: 'events',
  find: async (exam) => {
    await arrival(exam);
    const { firstMs, lastMs } = await timesOf(exam, pauseMs);
    if (firstMs === undefined) return failed('an event stream arrives empty');
    if (lastMs === undefined) return failed('an event stream breaks off behind its first event');
    const between = Math.round(lastMs - firstMs);
    // Both were sent so far apart; held back, they arrive together.
    if (between >= pauseMs / 2) return ok('the first event arrives while the stream is open');
    return failed(
      `the front holds answers back: two events sent ${pauseMs} ms apart arrived ${between} ms apart`,
    );
  },
};

const webSocket: Check = {
  name: 'websocket',
  topic: 'websocket',
  find: async (exam) => {
    await arrival(exam);
    const opened = await openEcho(exam);
    if ('status' in opened) {
      const { status, code } = opened;
      // By INVALID_REQUEST it says that the handshake has not come whole.
      if (code !== undefined && code !== 'INVALID_REQUEST') {
        throw await explain(exam, 'a WebSocket', status, code);
      }
      const why =
        status === 426
          ? 'the front does not pass the upgrade on: it arrives as a plain GET'
          : `the upgrade of a WebSocket is answered ${status}`;
      return failed(why);
    }
    try {
      if (!(await opened.repeats('hello'))) {
        return failed('a WebSocket opens, but no message comes back');
      }
      if (opened.origin !== exam.url.origin) {
        return failed(
          `a WebSocket’s Origin arrives as ${opened.origin ?? 'nothing'}: apps refuse it`,
          await fixFor(exam, 'origin'),
        );
      }
      return ok('a WebSocket opens, and a message comes back');
    } finally {
      opened.socket.terminate();
    }
  },
};

const idle: Check = {
  name: 'idle',
  topic: 'idle',
  find: async (exam) => {
    const { slow } = exam.options;
    if (slow === undefined) {
      throw new Skipped(
        'not waited for: add --slow for 70 s of silence, --slow 300 for five minutes',
      );
    }
    await arrival(exam);
    const [streamLives, socketLives] = await Promise.all([
      timesOf(exam, slow * 1000).then(({ lastMs }) => lastMs !== undefined),
      survives(exam, slow * 1000),
    ]);
    if (streamLives && socketLives) {
      const longer = slow <= 120 && (await exam.front()) === 'cloudflare';
      const more = longer ? '; Cloudflare ends it later: add --slow 130' : '';
      return ok(`an event stream and a WebSocket outlive ${slow} s of silence${more}`);
    }
    const dead = [!streamLives && 'an event stream', !socketLives && 'a WebSocket'];
    return failed(
      `the front ends ${dead.filter(Boolean).join(' and ')} within ${slow} s of silence`,
    );
  },
};

const upload: Check = {
  name: 'upload',
  topic: 'upload',
  find: async (exam) => {
    await arrival(exam);
    const { status, code, text } = await uploaded(exam);
    if (code !== undefined) throw await explain(exam, `an upload of ${megabytes} MB`, status, code);
    if (status === 200 && text.includes(`"bytes":${uploadBytes}`)) {
      return ok(`${megabytes} MB come through`);
    }
    const why = status === 413 ? 'too large for the front (413)' : `answered ${status}`;
    return failed(`an upload of ${megabytes} MB is ${why}`);
  },
};

/** What lasts or is large on the way from a visitor to the proxy. */
export const streamChecks: readonly Check[] = [events, webSocket, upload];

/** Stands behind all others: a ticket need not outlive the silence. */
export const idleChecks: readonly Check[] = [idle];

/** When the two events of a stream arrive; undefined for one that does not. */
async function timesOf(exam: Examination, pause: number) {
  const answer = await diagnose(exam, `/diagnostics/events?pause=${pause}`, {
    // As browsers do: some fronts hold back only what they compress.
    headers: { accept: 'text/event-stream', 'accept-encoding': 'gzip, br' },
    signal: AbortSignal.timeout(pause + patienceMs * 2),
  });
  let firstMs: number | undefined;
  let lastMs: number | undefined;
  let text = '';
  try {
    for await (const chunk of plain(answer)) {
      text = (text + chunk).slice(-1000);
      if (text.includes('data: first')) firstMs ??= performance.now();
      if (text.includes('data: last')) lastMs ??= performance.now();
    }
  } catch {
    // A stream that was cut has said what it has said.
  }
  return { firstMs, lastMs };
}

function plain({ headers, body }: Dispatcher.ResponseData): AsyncIterable<unknown> {
  const coding = String(headers['content-encoding'] ?? '');
  if (!/^(?:gzip|br)$/.test(coding)) return body;
  const decoder = coding === 'br' ? createBrotliDecompress() : createUnzip();
  body.on('error', (error) => decoder.destroy(error));
  return body.pipe(decoder);
}

async function survives(exam: Examination, pause: number): Promise<boolean> {
  const opened = await openEcho(exam);
  if ('status' in opened) return false;
  try {
    await wait(pause);
    return await opened.repeats('still here');
  } finally {
    opened.socket.terminate();
  }
}

async function uploaded(exam: Examination) {
  const way = await exam.way;
  const credential = await credentialOf(exam);
  for (let tries = 1; ; tries += 1) {
    const answer = await way
      .upload('/diagnostics/upload', uploadBytes, credential)
      .catch((error: Error) => {
        throw new Error(`an upload of ${megabytes} MB is cut (${error.message})`);
      });
    if (answer.code !== 'UNAUTHORIZED') return answer;
    if (tries === mostTries) throw await strangers(exam);
  }
}
