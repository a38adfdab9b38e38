import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type AccessMode, doorOf, type LabelPolicy } from '../../../src/access/policy.ts';

const state = (
  mode: AccessMode,
  isPublic: boolean,
  labels: Record<string, string> = {},
  policy: LabelPolicy = 'tighten',
  port = 3000,
) => doorOf({ mode, labels: policy }, port, { public: isPublic, labels }).state;

describe('a door without labels', () => {
  test.each([
    ['open', true, 'open'],
    ['open', false, 'open'],
    ['protected', true, 'open'],
    ['protected', false, 'guarded'],
    ['private', true, 'guarded'],
    ['private', false, 'guarded'],
  ] as const)('in mode %s, where the public flag is %s, is %s', (mode, isPublic, expected) => {
    expect(state(mode, isPublic)).toBe(expected);
  });

  test.each([
    ['open', 'closed'],
    ['protected', 'guarded'],
    ['private', 'guarded'],
  ] as const)('to a reserved port in mode %s is %s, public or not', (mode, expected) => {
    for (const port of [22222, 2280, 33333]) {
      expect(state(mode, true, {}, 'tighten', port)).toBe(expected);
      expect(state(mode, true, { 'preview.visibility': 'public' }, 'full', port)).toBe(expected);
    }
  });
});

describe('a visibility label', () => {
  const label = (value: string) => ({ 'preview.visibility': value });

  test('tightens, and does not loosen unless it may', () => {
    expect(state('open', true, label('private'))).toBe('guarded');
    expect(state('open', false, label('protected'))).toBe('guarded');
    expect(state('private', true, label('public'))).toBe('guarded');
    expect(state('private', false, label('public'), 'full')).toBe('open');
    expect(state('open', true, label('private'), 'off')).toBe('open');
  });

  test('of one port goes before that of the sandbox', () => {
    const labels = { ...label('private'), 'preview.visibility/3000': 'public' };
    expect(state('protected', false, labels, 'full')).toBe('open');
    expect(state('protected', false, labels, 'full', 3001)).toBe('guarded');
  });

  test('that nobody can read counts as private', () => {
    expect(state('open', true, label('Privat'))).toBe('guarded');
  });

  test('never opens under tighten what is guarded without it', () => {
    const visibility = fc.constantFrom('public', 'protected', 'private', '', 'x');
    const mode = fc.constantFrom<AccessMode>('open', 'protected', 'private');
    fc.assert(
      fc.property(mode, fc.boolean(), visibility, visibility, (of, isPublic, whole, one) => {
        const labels = { 'preview.visibility': whole, 'preview.visibility/3000': one };
        if (state(of, isPublic) === 'guarded') expect(state(of, isPublic, labels)).toBe('guarded');
      }),
    );
  });
});

test('the origin comes from labels, unless labels are off', () => {
  const labels = { 'preview.origin/4096': 'local', 'preview.origin': 'x' };
  const door = (policy: LabelPolicy, port: number) =>
    doorOf({ mode: 'private', labels: policy }, port, { public: false, labels });
  expect(door('tighten', 4096).origin).toBe('local');
  expect(door('tighten', 3000).origin).toBeUndefined();
  expect(door('off', 4096).origin).toBeUndefined();
});
