import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { AnsweringPorts } from '../../../src/sandbox/answeringPorts.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('knows the ports that answered, from the lowest on, until they no longer do', () => {
  const answering = new AnsweringPorts();
  for (const port of [8080, 3000]) answering.note('one', port);
  answering.note('two', 4096);
  expect(answering.of('one')).toEqual([3000, 8080]);
  answering.forget('one', 3000);
  expect(answering.of('one')).toEqual([8080]);
  expect(answering.of('nobody')).toEqual([]);
});

test('forgets after ten minutes what does not answer again', () => {
  const answering = new AnsweringPorts();
  answering.note('one', 3000);
  answering.note('one', 4096);
  jest.advanceTimersByTime(599_000);
  answering.note('one', 4096);
  jest.advanceTimersByTime(2_000);
  expect(answering.of('one')).toEqual([4096]);
  jest.advanceTimersByTime(600_000);
  answering.sweep();
  expect(answering.size).toBe(0);
});

test('keeps the eight ports that answered last, of no more than 10 000 sandboxes', () => {
  const answering = new AnsweringPorts();
  for (let port = 1; port <= 100; port++) answering.note('one', port);
  expect(answering.of('one')).toEqual([93, 94, 95, 96, 97, 98, 99, 100]);
  for (let i = 0; i < 10_000; i++) answering.note(`sandbox-${i}`, 3000);
  expect(answering.size).toBe(10_000);
  expect(answering.of('one')).toEqual([]);
});
