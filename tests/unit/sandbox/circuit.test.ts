import { expect, test } from '@jest/globals';
import { Circuit } from '../../../src/sandbox/circuit.ts';

let now = 0;
const broken = () => {
  now = 0;
  const circuit = new Circuit(() => now);
  for (let i = 0; i < 5; i++) circuit.failed();
  return circuit;
};

test('stays closed while failures are few, or have successes between them', () => {
  const circuit = new Circuit(() => now);
  for (let i = 0; i < 100; i++) {
    circuit.failed();
    if (i % 4 === 3) circuit.succeeded();
    expect(circuit.admits()).toBe(true);
  }
});

test('opens after five failures in a row, and lets one call out every two seconds', () => {
  const circuit = broken();
  const admitted = [0, 500, 1_999, 2_000, 2_001, 3_999, 4_000].filter((time) => {
    now = time;
    return circuit.admits();
  });
  expect(admitted).toEqual([2_000, 4_000]);
});

test('closes at the first success', () => {
  const circuit = broken();
  circuit.succeeded();
  expect([circuit.open, circuit.admits(), circuit.admits()]).toEqual([false, true, true]);
});
