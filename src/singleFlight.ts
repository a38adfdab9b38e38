/** Lets all who ask for a key at the same time wait for one and the same answer. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();
  #waiting = 0;

  get size(): number {
    return this.#flights.size;
  }

  /** How many wait for an answer. */
  get waiting(): number {
    return this.#waiting;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }

  run(key: string, start: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const running = this.#flights.get(key);
    if (running) {
      running.waiting += 1;
      return running.answer;
    }
    const answer = start().finally(() => {
      this.#flights.delete(key);
      this.#waiting -= flight.waiting;
    });
    const flight: Flight<T> = { answer, waiting: 1 };
    this.#flights.set(key, flight);
    return answer;
  }
}

interface Flight<T> {
  readonly answer: Promise<T>;
  waiting: number;
}
