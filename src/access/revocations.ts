import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from '../config/config.ts';

const line = z.object({ id: z.string().max(200), until: z.number() });
/** Those who may revoke are trusted, but nothing grows without a bound. */
const most = 100_000;

/** What was ended before its time. With a file it stays ended when the proxy starts again. */
export class Revocations {
  readonly #until = new Map<string, number>();
  readonly #file: string | undefined;
  readonly #onEnd: (id: string) => void;

  private constructor(file: string | undefined, onEnd: (id: string) => void) {
    this.#file = file;
    this.#onEnd = onEnd;
  }

  /**
   * Reads what the file holds, and writes back what is still of use.
   *
   * @param onEnd told of everything that is ended from now on
   * @throws ConfigError where the file cannot be read or written: what was ended must not work again
   */
  static async load(
    file: string | undefined,
    onEnd: (id: string) => void = () => {},
  ): Promise<Revocations> {
    const revocations = new Revocations(file, onEnd);
    try {
      if (file !== undefined) await revocations.#restore(file);
    } catch (cause) {
      const { message } = cause as Error;
      throw new ConfigError(
        `STATE_FILE=${file} cannot be used: ${message}. Its folder must exist and be writable.`,
      );
    }
    return revocations;
  }

  has(id: string): boolean {
    const until = this.#until.get(id);
    return until !== undefined && until > Date.now();
  }

  /** @param until when it would have ended anyway, in ms since the epoch */
  async add(id: string, until: number): Promise<void> {
    if (this.has(id)) return;
    if (this.#until.size >= most) this.sweep();
    if (this.#until.size >= most) throw new Error('too many revocations');
    this.#until.set(id, until);
    this.#onEnd(id);
    if (this.#file !== undefined) await appendFile(this.#file, toLine(id, until), { mode: 0o600 });
  }

  sweep(): void {
    const now = Date.now();
    for (const [id, until] of this.#until) if (until <= now) this.#until.delete(id);
  }

  async #restore(file: string): Promise<void> {
    // What stands behind the last newline was being written when the machine went down.
    for (const text of (await readOrEmpty(file)).split('\n').slice(0, -1)) {
      const { id, until } = line.parse(JSON.parse(text));
      if (until > Date.now()) this.#until.set(id, until);
    }
    const kept = [...this.#until].map(([id, until]) => toLine(id, until)).join('');
    await writeFile(`${file}.new`, kept, { mode: 0o600 });
    await rename(`${file}.new`, file);
  }
}

async function readOrEmpty(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function toLine(id: string, until: number): string {
  return `${JSON.stringify({ id, until })}\n`;
}
