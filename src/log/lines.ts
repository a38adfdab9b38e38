import Transport from 'winston-transport';

/** Where winston's formats leave the finished line. */
export const message = Symbol.for('message');

/** Behind so many bytes that nobody has read yet, lines are lost. */
const mostWaiting = 4_194_304;
/** How soon it is tried again whether a log that failed can be written. */
const pauseMs = 1_000;
/** The longest that the end waits for a slow reader. */
const lastWordsMs = 500;

/**
 * Writes finished lines, those of one turn of the event loop together: to write each by itself
 * cost more than all the rest of logging it.
 *
 * A log that nobody reads, or that cannot be written, holds nothing up and fills no memory: lines
 * are lost and counted, and how many they were is said as soon as it can be. By itself Node keeps
 * all that a full pipe does not take, and ends the process at the first write that fails.
 */
export class Lines extends Transport {
  readonly #stream: NodeJS.WritableStream;
  readonly #sayLost: (count: number, cause: string) => string;
  /** The lines of this turn. */
  #text = '';
  #count = 0;
  /** Bytes that the stream has taken and not written. */
  #waiting = 0;
  #lost = 0;
  /** Why lines are lost at the moment; undefined while none are. */
  #trouble: string | undefined;
  #retry: NodeJS.Timeout | undefined;
  #whenWritten = () => {};

  /** @param sayLost makes the line that says how many were lost, and why */
  constructor(stream: NodeJS.WritableStream, sayLost: (count: number, cause: string) => string) {
    super();
    this.#stream = stream;
    this.#sayLost = sayLost;
    stream.on('error', () => {}); // Each write hears of its own.
  }

  override log(info: { readonly [message]?: string }, next: () => void): void {
    this.add(info[message] ?? '');
    next();
  }

  add(line: string): void {
    if (this.#trouble !== undefined) {
      this.#lost += 1;
      return;
    }
    if (this.#text === '') setImmediate(() => this.#flush());
    this.#text += `${line}\n`;
    this.#count += 1;
  }

  /** Resolves once everything is written, or will not be in time. */
  async settle(): Promise<void> {
    this.#flush();
    if (this.#waiting === 0) return;
    await new Promise<void>((resolve) => {
      this.#whenWritten = resolve;
      setTimeout(resolve, lastWordsMs);
    });
  }

  #flush(): void {
    if (this.#text === '') return;
    const [text, count] = [this.#text, this.#count];
    this.#text = '';
    this.#count = 0;
    if (this.#waiting <= mostWaiting && !this.#retry) {
      this.#write(text, count);
    } else {
      this.#lost += count;
      this.#trouble ??= 'nobody read them';
    }
  }

  #write(text: string, count: number): void {
    const bytes = Buffer.from(text); // Encoded once, to be counted and to be written.
    this.#waiting += bytes.length;
    this.#stream.write(bytes, (error?: NodeJS.ErrnoException | null) => {
      this.#waiting -= bytes.length;
      if (error) {
        this.#lost += count;
        this.#trouble = error.code ?? error.message;
        this.#retry ??= setTimeout(() => {
          this.#retry = undefined;
          this.#recover('\n'); // What failed may have left half a line.
        }, pauseMs).unref();
      }
      if (this.#waiting > 0) return;
      if (!this.#retry) this.#recover();
      this.#whenWritten();
    });
  }

  #recover(separator = ''): void {
    const [cause, count] = [this.#trouble, this.#lost];
    if (cause === undefined) return;
    this.#trouble = undefined;
    this.#lost = 0;
    if (count > 0) this.#write(`${separator}${this.#sayLost(count, cause)}\n`, count);
  }
}
