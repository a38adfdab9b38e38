import { SandboxState } from '@daytona/api-client';
import { describe, expect, test } from '@jest/globals';
import { makeSandbox } from '../../../src/demo/sandbox.ts';
import { desiredBy, passedByStart, readinessOf } from '../../../src/demo/states.ts';

const states = Object.values(SandboxState).filter((state) => !/^\d/.test(state));

describe('a state', () => {
  test('allows a start where Daytona’s documentation says so, and nowhere else', () => {
    const startable = states.filter((state) => readinessOf(state) === 'startable');
    expect(startable.sort()).toEqual(['archived', 'archiving', 'paused', 'stopped']);
    expect(readinessOf('started')).toBe('started');
  });

  test('is in the way of a start where another change goes on, or where it is an end', () => {
    const invalid = states.filter((state) => readinessOf(state) === 'invalid');
    expect(invalid.sort()).toEqual(['build_failed', 'destroyed', 'error', 'unknown']);
    expect(readinessOf('invented')).toBe('invalid');
    for (const state of ['starting', 'stopping', 'restoring', 'resuming', 'creating']) {
      expect(readinessOf(state)).toBe('changing');
    }
  });

  test('leads a start through what it takes', () => {
    expect(['archived', 'archiving'].map(passedByStart)).toEqual(['restoring', 'restoring']);
    expect(['stopped', 'paused', 'error'].map(passedByStart)).toEqual(Array(3).fill('starting'));
  });

  test('says what is wished for, unless nobody wished for it', () => {
    expect(['starting', 'restoring'].map(desiredBy)).toEqual(['started', 'started']);
    expect(['stopping', 'archiving'].map(desiredBy)).toEqual(['stopped', 'archived']);
    expect(['error', 'build_failed', 'unknown'].map(desiredBy)).toEqual(Array(3).fill(undefined));
  });
});

describe('a sandbox', () => {
  test('tells its wish before its state, and each change once', () => {
    const told: unknown[] = [];
    const sandbox = makeSandbox({}, (which, { state, desiredState }, before) => {
      told.push([which, before, state, desiredState]);
    });
    sandbox.state = 'stopping';
    sandbox.state = 'stopping';
    sandbox.state = 'stopped';
    sandbox.state = 'error';
    expect(told).toEqual([
      ['desiredState', 'started', 'started', 'stopped'],
      ['state', 'started', 'stopping', 'stopped'],
      ['state', 'stopping', 'stopped', 'stopped'],
      ['state', 'stopped', 'error', 'stopped'],
    ]);
  });

  test('begins in any state without telling it', () => {
    const told: string[] = [];
    const facts = { state: 'error', desiredState: 'stopped' };
    const sandbox = makeSandbox(facts, (which) => told.push(which));
    expect(sandbox).toMatchObject(facts);
    expect(makeSandbox({ state: 'archiving' }, () => {}).desiredState).toBe('archived');
    expect(told).toEqual([]);
  });
});
