import { expect, test } from '@jest/globals';
import { joinObservers, type Observer } from '../../../src/telemetry/observer.ts';

test('tells all, in their order, each with what it is: and those who do not listen nothing', () => {
  const told: string[] = [];
  class Teller implements Partial<Observer> {
    readonly #name = 'second';
    limited(limit: string, count: number) {
      told.push(`${this.#name} ${limit} ${count}`);
    }
  }
  const first: Partial<Observer> = {
    limited: (limit, count) => void told.push(`first ${limit} ${count}`),
  };
  const observer = joinObservers(first, {}, new Teller());
  observer.limited('rate', 2);
  observer.healed('token');
  expect(told).toEqual(['first rate 2', 'second rate 2']);
});
