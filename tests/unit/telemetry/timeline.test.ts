import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { phases, Timeline } from '../../../src/telemetry/timeline.ts';

const steps = fc.array(
  fc.record({ phase: fc.constantFrom(...phases), ms: fc.integer({ min: 0, max: 100_000 }) }),
);

test('leaves no moment out, whatever phases come again', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 1_000 }), (walk, rest) => {
      let now = 5_000;
      const timeline = new Timeline(now);
      for (const { phase, ms } of walk) {
        now += ms;
        timeline.enter(phase, now);
      }
      now += rest;
      const whole = timeline.end(now);
      expect(whole).toBe(now - 5_000);
      expect(phases.reduce((sum, phase) => sum + timeline[phase], 0)).toBe(whole);
    }),
  );
});

test('adds what a retry takes to the phases it goes through again', () => {
  const timeline = new Timeline(0);
  timeline.enter('connect', 10);
  timeline.enter('wait', 15);
  timeline.enter('connect', 20);
  timeline.enter('wait', 50);
  timeline.enter('body', 150);
  timeline.end(151);
  expect({ ...timeline }).toMatchObject({ limits: 10, connect: 35, wait: 105, body: 1 });
  expect(timeline.firstByteAfter).toBe(150);
});

test('forgets the first byte of an attempt that was refused', () => {
  const timeline = new Timeline(0);
  timeline.enter('body', 50);
  timeline.enter('lookup', 51);
  expect(timeline.firstByteAfter).toBeUndefined();
  timeline.enter('wait', 30_000);
  timeline.enter('body', 30_100);
  expect(timeline.firstByteAfter).toBe(30_100);
});

test('knows of no first byte where none came', () => {
  const timeline = new Timeline(0);
  timeline.enter('access', 1);
  timeline.end(2);
  expect(timeline.firstByteAfter).toBeUndefined();
});
