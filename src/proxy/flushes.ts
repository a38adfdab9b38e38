/** An answer whose head may have to leave before its body comes. */
export interface Flushable {
  flush(): void;
}

let waiting: Flushable[] = [];

/** Looks again at the end of this turn of the event loop, once for all answers that began in it. */
export function flushLater(answer: Flushable): void {
  if (waiting.length === 0) {
    setImmediate(() => {
      const answers = waiting;
      waiting = [];
      for (const each of answers) each.flush();
    });
  }
  waiting.push(answer);
}
