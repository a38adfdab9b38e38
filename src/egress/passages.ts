import type { Log } from '../log/logger.ts';
import type { Limits } from './limits.ts';
import type { Passage } from './passage.ts';
import type { Usage } from './usage.ts';

/** How often bytes are counted: a limit may be passed by what moves meanwhile. */
const countMs = 100;

export interface PassageParts {
  readonly limits: Limits;
  readonly usage: Usage;
  readonly log: Log;
  /** How long a host may read nothing of what it is sent, in ms; 0 is without end. */
  readonly stallMs: number;
  isRevoked(sandbox: string): boolean;
}

/** All that is open. Their bytes are read off the sockets, which costs the bytes themselves nothing. */
export class Passages {
  readonly #parts: PassageParts;
  readonly #open = new Set<Passage>();
  #counting: NodeJS.Timeout | undefined;

  constructor(parts: PassageParts) {
    this.#parts = parts;
  }

  add(passage: Passage): void {
    this.#open.add(passage);
    this.#counting ??= setInterval(() => this.#count(), countMs).unref();
  }

  /** Takes leave of one whose connections are closed. */
  remove(passage: Passage): void {
    if (!this.#open.delete(passage)) return;
    const { limits, usage, log } = this.#parts;
    limits.charge(passage.sandbox, passage.takeMoved());
    usage.carried(passage.sandbox, passage.bytesUp, passage.bytesDown);
    log('info', 'egress.carried', passage.facts());
    if (this.#open.size > 0) return;
    clearInterval(this.#counting);
    this.#counting = undefined;
  }

  /** The same of all that are left: a server is closed before its sockets say that they are. */
  removeAll(): void {
    for (const passage of this.#open) this.remove(passage);
  }

  /** Ends those of sandboxes whose credential is good no more. */
  cutRevoked(): void {
    for (const passage of this.#open) {
      if (this.#parts.isRevoked(passage.sandbox)) passage.cut('revoked');
    }
  }

  /** How many each sandbox has open. */
  counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { sandbox } of this.#open) counts.set(sandbox, (counts.get(sandbox) ?? 0) + 1);
    return counts;
  }

  #count(): void {
    const { limits, stallMs } = this.#parts;
    for (const passage of this.#open) {
      const moved = passage.takeMoved();
      if (moved > 0 && !limits.charge(passage.sandbox, moved)) passage.cut('bytes');
      if (stallMs > 0 && passage.stalledMs() > stallMs) passage.cut('stalled');
    }
  }
}
