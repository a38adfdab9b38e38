import Transport from 'winston-transport';

/** Where winston's formats leave the finished line. */
export const message = Symbol.for('message');

/**
 * Writes finished lines, those of one turn of the event loop together: to write each by itself
 * cost more than all the rest of logging it.
 */
export class Lines extends Transport {
  readonly #stream: NodeJS.WritableStream;
  #waiting = '';

  constructor(stream: NodeJS.WritableStream) {
    super();
    this.#stream = stream;
  }

  override log(info: { readonly [message]?: string }, next: () => void): void {
    this.add(info[message] ?? '');
    next();
  }

  add(line: string): void {
    if (this.#waiting === '') setImmediate(() => this.flush());
    this.#waiting += `${line}\n`;
  }

  flush(): void {
    if (this.#waiting !== '') this.#stream.write(this.#waiting);
    this.#waiting = '';
  }
}
