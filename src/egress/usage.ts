/** So many sandboxes have figures of their own; of more, the one that came longest ago is forgotten. */
const mostSandboxes = 10_000;

export interface Figures {
  /** Requests and tunnels that went through. */
  carried: number;
  refused: number;
  /** From the sandbox. */
  bytesUp: number;
  /** To the sandbox. */
  bytesDown: number;
}

/** What has been carried since the start, for each sandbox and in all. */
export class Usage {
  readonly total: Figures = nothing();
  readonly refusals: Record<string, number> = {};
  readonly #sandboxes = new Map<string, Figures>();

  carried(sandbox: string, bytesUp: number, bytesDown: number): void {
    for (const figures of [this.total, this.#of(sandbox)]) {
      figures.carried += 1;
      figures.bytesUp += bytesUp;
      figures.bytesDown += bytesDown;
    }
  }

  /** @param sandbox undefined where nobody is known to have asked */
  refused(code: string, sandbox: string | undefined): void {
    this.total.refused += 1;
    this.refusals[code] = (this.refusals[code] ?? 0) + 1;
    if (sandbox !== undefined) this.#of(sandbox).refused += 1;
  }

  /** The latest first. */
  sandboxes(): (Figures & { id: string })[] {
    return [...this.#sandboxes].map(([id, figures]) => ({ id, ...figures })).reverse();
  }

  #of(sandbox: string): Figures {
    const figures = this.#sandboxes.get(sandbox) ?? nothing();
    this.#sandboxes.delete(sandbox);
    this.#sandboxes.set(sandbox, figures);
    if (this.#sandboxes.size > mostSandboxes) {
      const [oldest = ''] = this.#sandboxes.keys();
      this.#sandboxes.delete(oldest);
    }
    return figures;
  }
}

function nothing(): Figures {
  return { carried: 0, refused: 0, bytesUp: 0, bytesDown: 0 };
}
