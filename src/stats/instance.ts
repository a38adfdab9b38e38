import { randomUUID } from 'node:crypto';
import type { History } from './history.ts';
import { busiest, codesOf, mostSandboxes, type Summary } from './summary.ts';
import type { Visits } from './visits.ts';

/** What an instance knows of itself beside its history. */
export interface InstanceFacts {
  readonly version: string;
  /** What it is told apart by: machine and port. */
  name(): string;
  draining(): boolean;
  open(): Summary['open'];
  /** Cached sandboxes; times in whole seconds. */
  cached(): readonly { readonly key: string; readonly age: number; readonly remaining: number }[];
}

/** Tells all that this instance tells of itself. */
export class Instance {
  readonly id = randomUUID();
  readonly #facts: InstanceFacts;
  readonly #history: History;
  readonly #visits: Visits;

  constructor(facts: InstanceFacts, history: History, visits: Visits) {
    this.#facts = facts;
    this.#history = history;
    this.#visits = visits;
  }

  summary(): Summary {
    const { version } = this.#facts;
    const open = this.#facts.open();
    this.#history.noteOpen(open.sockets + open.streams);
    const points = this.#history.points();
    const cached = this.#facts.cached().map(({ key, age, remaining }) => {
      const { open, idle } = this.#visits.of(key) ?? { open: 0, idle: null };
      return { key: key.slice(0, 200), age, remaining, open, idle };
    });
    return {
      id: this.id,
      name: this.#facts.name().slice(0, 200),
      version,
      uptime: Math.round(process.uptime()),
      draining: this.#facts.draining(),
      seconds: this.#history.lastSeconds(),
      open,
      totalCached: cached.length,
      sandboxes: busiest(cached, mostSandboxes),
      minute: codesOf(points.slice(-1)),
      hour: codesOf(points),
      points,
    };
  }

  /** Keeps how much is open, which only shows where somebody looks. */
  look(): void {
    const { sockets, streams } = this.#facts.open();
    this.#history.noteOpen(sockets + streams);
  }
}
