import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { createLog } from '../../../src/log/logger.ts';

test('a log that is closed, twice even, still takes the lines of a crash', async () => {
  const stream = new PassThrough({ encoding: 'utf8' });
  const log = createLog({ level: 'info', format: 'json', stream });
  log('info', 'stop.done');
  await log.close();
  log('error', 'process.crash', { cause: 'at the last moment' });
  await log.close();
  await new Promise((done) => setImmediate(done));
  const events = String(stream.read()).trim().split('\n');
  expect(events.map((line) => JSON.parse(line).event)).toEqual(['stop.done', 'process.crash']);
});
