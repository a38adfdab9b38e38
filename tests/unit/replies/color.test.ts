import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { contrast, textOn } from '../../../src/replies/color.ts';
import { styleOf } from '../../../src/replies/style.ts';

const color = fc.integer({ min: 0, max: 0xffffff }).map(hex);

function hex(value: number): string {
  return `#${value.toString(16).padStart(6, '0')}`;
}

test.each([
  ['#000000', '#ffffff', 21],
  ['#ffffff', '#ffffff', 1],
  ['#777777', '#ffffff', 4.48],
  ['#0000ff', '#ffffff', 8.59],
])('the contrast of %s to %s is %d', (one, other, expected) => {
  expect(contrast(one, other)).toBeCloseTo(expected, 2);
  expect(contrast(other, one)).toBeCloseTo(expected, 2);
});

test('whatever colour an operator chooses, text on it can be read', () => {
  fc.assert(
    fc.property(color, (chosen) => {
      expect(contrast(chosen, textOn(chosen))).toBeGreaterThanOrEqual(4.5);
    }),
  );
});

test('the colour stands in the style once, and what is written in it nowhere', () => {
  const style = styleOf('#ffd400');
  expect(style).toContain('--brand: #ffd400; --on-brand: #000000');
  expect(style).not.toMatch(/(?<![-\w])color: var\(--brand\)/);
});
