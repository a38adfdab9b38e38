import type { ChildProcess } from 'node:child_process';

const running = new Set<ProcessGroup>();

// However this process ends, a second Ctrl-C and one in the middle of the start included.
process.on('exit', () => {
  for (const group of running) group.end();
});

/** A child that was spawned `detached`, and all that it has started: they end together. */
export class ProcessGroup {
  readonly #pid: number | undefined;

  constructor(child: ChildProcess) {
    this.#pid = child.pid;
    running.add(this);
    child.once('error', () => running.delete(this));
    child.once('exit', () => {
      // Its number may be given to others, unless there is somebody left who bears it.
      if (!this.#signal(0)) running.delete(this);
    });
  }

  end(): void {
    if (!running.delete(this)) return;
    this.#signal('SIGKILL');
  }

  /** @returns whether anybody is there */
  #signal(signal: NodeJS.Signals | 0): boolean {
    if (this.#pid === undefined) return false;
    try {
      return process.kill(-this.#pid, signal);
    } catch {
      return false;
    }
  }
}
