import { readFile } from 'node:fs/promises';
import { setInterval as every } from 'node:timers/promises';
import { ConfigError } from '../config/config.ts';
import type { Log } from '../log/logger.ts';
import { isSandboxId } from './credentials.ts';

/** How often the file is read, and for how long a list that lacks somebody has to stay so. */
const usualTimes = { lookMs: 1_000, sureMs: 2_000 };

/** The sandboxes whose credential is good no more: those of the configuration, and those of a file. */
export class Revoked {
  readonly #listed: ReadonlySet<string>;
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #times: typeof usualTimes;
  readonly #closed = new AbortController();
  /** What counts: those of the file, and those who were in it a moment ago. */
  #filed: ReadonlySet<string> = new Set();
  #read: ReadonlySet<string> = new Set();
  #text = '';
  #changedAt = 0;
  #failing = false;

  /** @param onChange is called when there may be more of them */
  constructor(
    listed: readonly string[],
    path: string | undefined,
    log: Log,
    onChange: () => void,
    times = usualTimes,
  ) {
    this.#times = times;
    this.#listed = new Set(listed);
    this.#path = path;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** Reads the file and follows it. @throws ConfigError where it cannot be read */
  async start(): Promise<void> {
    if (this.#path === undefined) return;
    try {
      this.#take(await readFile(this.#path, 'utf8'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new ConfigError(
        `The configuration has a problem:\n  EGRESS_REVOKED_FILE = "${this.#path}": it cannot be read (${code}). Create it; it may be empty.`,
      );
    }
    void this.#follow(this.#path).catch(() => {}); // It ends by being closed.
  }

  has(id: string): boolean {
    return this.#listed.has(id) || this.#filed.has(id);
  }

  close(): void {
    this.#closed.abort();
  }

  /** Reads it again and again: what a file's time says of a change may come between two looks. */
  async #follow(path: string): Promise<void> {
    const { signal } = this.#closed;
    for await (const _ of every(this.#times.lookMs, undefined, { ref: false, signal })) {
      try {
        this.#compare(await readFile(path, 'utf8'));
        this.#failing = false;
      } catch (error) {
        // Nobody gets in again because a disk fails.
        const { code } = error as NodeJS.ErrnoException;
        if (!this.#failing) this.#log('warn', 'egress.revoked.failed', { cause: code });
        this.#failing = true;
      }
    }
  }

  #compare(text: string): void {
    if (text !== this.#text) {
      this.#take(text);
      this.#onChange();
    } else if (this.#filed.size > this.#read.size) {
      // A file that is rewritten in place is empty for a moment, and nobody gets in by that.
      if (performance.now() - this.#changedAt < this.#times.sureMs) return;
      this.#filed = this.#read;
    } else return;
    this.#log('info', 'egress.revoked', { count: this.#filed.size });
  }

  #take(text: string): void {
    const { ids, wrongLine } = idsOf(text);
    if (wrongLine !== undefined) {
      this.#log('warn', 'egress.revoked.line', { line: wrongLine });
    }
    this.#text = text;
    this.#changedAt = performance.now();
    this.#read = ids;
    this.#filed = new Set([...this.#filed, ...ids]);
  }
}

/** One id on a line; what follows `#` is for people. */
function idsOf(text: string): { ids: ReadonlySet<string>; wrongLine: number | undefined } {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase());
  const wrong = lines.findIndex((line) => line !== '' && !isSandboxId(line));
  return { ids: new Set(lines.filter(isSandboxId)), wrongLine: wrong < 0 ? undefined : wrong + 1 };
}
