import { Writable } from 'node:stream';
import { expect, jest, test } from '@jest/globals';
import { Lines } from '../../../src/log/lines.ts';

const lost = (count: number, cause: string) => `lost ${count}: ${cause}`;
const turn = () => new Promise((done) => setImmediate(done));

/** A stream that takes its time: each write ends when the test says so. */
function slowStream() {
  const written: string[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const stream = new Writable({
    decodeStrings: false,
    autoDestroy: false,
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      ends.push(done);
    },
  });
  return { stream, written, ends };
}

test('writes the lines of one turn together', async () => {
  const { stream, written } = slowStream();
  const lines = new Lines(stream, lost);
  lines.add('a');
  lines.add('b');
  await turn();
  expect(written).toEqual(['a\nb\n']);
});

test('loses what comes behind 4 MB that nobody reads, and says so when they were read', async () => {
  const { stream, written, ends } = slowStream();
  const lines = new Lines(stream, lost);
  lines.add('x'.repeat(5_000_000));
  await turn();
  for (const line of ['b', 'c']) {
    lines.add(line);
    await turn();
  }
  ends.shift()?.();
  await turn();
  lines.add('d');
  await turn();
  ends.shift()?.();
  await turn();
  expect(written.slice(1)).toEqual(['lost 2: nobody read them\n', 'd\n']);
});

test('tries a log that failed again a second later, on a new line', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  try {
    const written: string[] = [];
    let full = true;
    const stream = {
      on: () => stream,
      write: (chunk: Buffer, done: (error?: Error) => void) => {
        if (!full) written.push(String(chunk));
        done(full ? Object.assign(new Error('full'), { code: 'ENOSPC' }) : undefined);
        return true;
      },
    };
    const lines = new Lines(stream as unknown as NodeJS.WritableStream, lost);
    lines.add('a');
    lines.add('b');
    await turn();
    lines.add('c');
    await turn();
    jest.advanceTimersByTime(1_000); // Still full: the line about it is lost, its count is not.
    full = false;
    jest.advanceTimersByTime(1_000);
    lines.add('d');
    await turn();
    expect(written).toEqual(['\nlost 3: ENOSPC\n', 'd\n']);
  } finally {
    jest.useRealTimers();
  }
});

test('ends without waiting for a reader who never reads', async () => {
  const { stream } = slowStream();
  const lines = new Lines(stream, lost);
  lines.add('a');
  await turn();
  const begun = performance.now();
  await lines.settle();
  expect(performance.now() - begun).toBeLessThan(2_000);
});
