import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from '../config/config.ts';

/** What was ended, and until when it would have lived, in ms since the epoch. */
export const ending = z.object({ id: z.string().max(200), until: z.number() });
export type Ending = z.output<typeof ending>;

/** Those who may revoke are trusted, but nothing grows without a bound. */
const most = 100_000;

/** So much longer it is remembered, lest a clock that is put back brings it to life again. */
const toleranceMs = 86_400_000;

/** What was ended before its time. With a file it stays ended when the proxy starts again. */
export class Revocations {
  readonly #until = new Map<string, number>();
  readonly #file: string | undefined;
  readonly #onEnd: (id: string) => void;
  #tellOthers: ((ending: Ending) => Promise<void>) | undefined;
  /** What the file does not have yet: the next write tries it again. */
  #unwritten: Ending[] = [];
  /** True where the file may end in the middle of a line, as a full disk leaves it. */
  #torn = false;
  #last = Promise.resolve();

  private constructor(file: string | undefined, onEnd: (id: string) => void) {
    this.#file = file;
    this.#onEnd = onEnd;
  }

  /**
   * Reads what the file holds, and writes back what is still of use. Lines that a full disk cut off
   * are left out: they were written again, or whoever ended something was told that it failed.
   *
   * @param onEnd told of everything that is ended from now on
   * @param onTorn told how many lines were cut off, where there are any
   * @throws ConfigError where the file cannot be read or written: what was ended must not work again
   */
  static async load(
    file: string | undefined,
    onEnd: (id: string) => void = () => {},
    onTorn: (count: number) => void = () => {},
  ): Promise<Revocations> {
    const revocations = new Revocations(file, onEnd);
    try {
      const torn = file === undefined ? 0 : await revocations.#restore(file);
      if (torn > 0) onTorn(torn);
    } catch (cause) {
      const { message } = cause as Error;
      throw new ConfigError(
        `STATE_FILE=${file} cannot be used: ${message}. Its folder must exist and be writable.`,
      );
    }
    return revocations;
  }

  has(id: string): boolean {
    return this.#until.has(id);
  }

  /** @param until when it would have ended anyway, in ms since the epoch */
  async add(id: string, until: number): Promise<void> {
    if (this.has(id)) return this.#write([]); // Asked again, perhaps because that failed.
    if (this.#until.size >= most) this.#forget(Date.now());
    if (this.#until.size >= most) throw new Error('too many revocations');
    this.#end({ id, until });
    await Promise.all([this.#write([{ id, until }]), this.#tellOthers?.({ id, until })]);
  }

  /** Takes over what other instances have ended; each of them has kept to the bound. */
  async learn(endings: readonly Ending[]): Promise<void> {
    const now = Date.now();
    const news = endings.filter(({ id, until }) => until > now && !this.has(id));
    for (const one of news) this.#end(one);
    if (news.length > 0) await this.#write(news);
  }

  /** @param tell told of what is ended here, and not of what was learnt */
  shareBy(tell: (ending: Ending) => Promise<void>): void {
    this.#tellOthers = tell;
  }

  /** All that would still live. */
  living(): Ending[] {
    const now = Date.now();
    return [...this.#until].flatMap(([id, until]) => (until > now ? { id, until } : []));
  }

  sweep(): void {
    this.#forget(Date.now() - toleranceMs);
  }

  #forget(before: number): void {
    for (const [id, until] of this.#until) if (until <= before) this.#until.delete(id);
  }

  #end({ id, until }: Ending): void {
    this.#until.set(id, until);
    this.#onEnd(id);
  }

  /** Writes one after the other: only the last can have left half a line. */
  #write(endings: readonly Ending[]): Promise<void> {
    if (this.#file === undefined) return Promise.resolve();
    this.#unwritten.push(...endings);
    const written = this.#last.then(() => this.#append());
    this.#last = written.catch(() => {});
    return written;
  }

  async #append(): Promise<void> {
    const batch = this.#unwritten;
    if (this.#file === undefined || batch.length === 0) return;
    this.#unwritten = [];
    try {
      const text = `${this.#torn ? '\n' : ''}${batch.map(toLine).join('')}`;
      await appendFile(this.#file, text, { mode: 0o600 });
      this.#torn = false;
    } catch (error) {
      this.#torn = true;
      this.#unwritten.unshift(...batch.filter(({ id }) => this.has(id))); // Not what was swept.
      throw error;
    }
  }

  /** @returns how many lines were cut off */
  async #restore(file: string): Promise<number> {
    let torn = 0;
    // What stands behind the last newline was being written when the machine went down.
    for (const text of (await readOrEmpty(file)).split('\n').slice(0, -1)) {
      if (isTorn(text)) {
        if (text !== '') torn += 1;
        continue;
      }
      const { id, until } = ending.parse(JSON.parse(text));
      this.#until.set(id, until);
    }
    this.sweep();
    const kept = [...this.#until].map(([id, until]) => toLine({ id, until }));
    await writeFile(`${file}.new`, kept.join(''), { mode: 0o600 });
    await rename(`${file}.new`, file);
    return torn;
  }
}

const lineStart = '{"id":"';

/** True for the beginning of a line of ours without its end, an empty one included. */
function isTorn(text: string): boolean {
  return !text.endsWith('}') && (text.startsWith(lineStart) || lineStart.startsWith(text));
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function toLine(one: Ending): string {
  return `${JSON.stringify(one)}\n`;
}
