import { type StatsListener, unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { ConfigError } from '../config/config.ts';
import type { Log } from '../log/logger.ts';

/** How often the file is looked at, and for how long a list that lacks somebody has to stay so. */
const usualTimes = { lookMs: 1_000, sureMs: 2_000 };

/** The sandboxes whose credential is good no more: those of the configuration, and those of a file. */
export class Revoked {
  readonly #listed: ReadonlySet<string>;
  readonly #path: string | undefined;
  readonly #log: Log;
  readonly #onChange: () => void;
  readonly #times: typeof usualTimes;
  #filed: ReadonlySet<string> = new Set();
  readonly #look: StatsListener = () => void this.#reread();

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
      this.#filed = idsOf(await readFile(this.#path, 'utf8'));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new ConfigError(
        `The configuration has a problem:\n  EGRESS_REVOKED_FILE = "${this.#path}": it cannot be read (${code}). Create it; it may be empty.`,
      );
    }
    watchFile(this.#path, { interval: this.#times.lookMs, persistent: false }, this.#look);
  }

  has(id: string): boolean {
    return this.#listed.has(id) || this.#filed.has(id);
  }

  close(): void {
    if (this.#path !== undefined) unwatchFile(this.#path, this.#look);
  }

  async #reread(): Promise<void> {
    const read = () => readFile(this.#path ?? '', 'utf8');
    try {
      const text = await read();
      const ids = idsOf(text);
      this.#filed = new Set([...this.#filed, ...ids]);
      this.#onChange();
      if (this.#filed.size > ids.size) {
        // A file that is rewritten in place is empty for a moment, and nobody gets in by that.
        await wait(this.#times.sureMs, undefined, { ref: false });
        if ((await read()) !== text) return; // This change is told by itself.
        this.#filed = ids;
      }
      this.#log('info', 'egress.revoked', { count: ids.size });
    } catch (error) {
      // Nobody gets in again because a disk fails.
      const { code } = error as NodeJS.ErrnoException;
      this.#log('warn', 'egress.revoked.failed', { cause: code });
    }
  }
}

/** One id on a line; what follows `#` is for people. */
function idsOf(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) => line.replace(/#.*/, '').trim().toLowerCase());
  return new Set(lines.filter((id) => id !== ''));
}
