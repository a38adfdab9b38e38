import { expect, test } from '@jest/globals';
import { Tickets } from '../../../src/diagnostics/tickets.ts';

test('a ticket is good for a hundred requests, and no other text is one', () => {
  const tickets = new Tickets();
  const ticket = tickets.issue();
  expect(tickets.spend('')).toBe(false);
  expect(tickets.spend(`${ticket}x`)).toBe(false);
  for (let i = 0; i < 100; i++) expect(tickets.spend(ticket)).toBe(true);
  expect(tickets.spend(ticket)).toBe(false);
});

test('of more than sixteen tickets the oldest end, and no two are alike', () => {
  const tickets = new Tickets();
  const all = Array.from({ length: 40 }, () => tickets.issue());
  expect(new Set(all).size).toBe(40);
  const good = all.filter((ticket) => tickets.spend(ticket));
  expect(good.length).toBeLessThanOrEqual(16);
  expect(good).toEqual(all.slice(-good.length));
  expect(good).toContain(all.at(-1));
});
