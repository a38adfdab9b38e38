import type { Builds } from './builds.ts';
import type { Faults } from './faults.ts';
import { Runner } from './runner.ts';
import type { Sandbox, Sandboxes } from './sandboxes.ts';
import type { SessionsDoor } from './sessions/door.ts';

/** All runners of the embedded Daytona. A sandbox names its own by the place among them. */
export class Runners {
  readonly all: Runner[] = [];
  readonly #sandboxes: Sandboxes;
  readonly #builds: Builds;
  readonly #faults: Faults;
  readonly #sessions: SessionsDoor;

  constructor(sandboxes: Sandboxes, builds: Builds, faults: Faults, sessions: SessionsDoor) {
    this.#sandboxes = sandboxes;
    this.#builds = builds;
    this.#faults = faults;
    this.#sessions = sessions;
  }

  /** Starts one more runner, on which no sandbox lives until its `runner` says so. */
  async add(): Promise<Runner> {
    const runner: Runner = new Runner({
      sandboxOf: (id) => {
        const sandbox = this.#sandboxes.byId(id);
        return sandbox && this.of(sandbox) === runner ? sandbox : undefined;
      },
      builds: this.#builds,
      faults: this.#faults,
      sessions: this.#sessions,
    });
    await runner.start();
    this.all.push(runner);
    return runner;
  }

  find(id: string): Runner | undefined {
    return this.all.find((runner) => runner.id === id);
  }

  /** Where a sandbox lives; undefined for one that is, or is being, archived. */
  of({ state, runner }: Sandbox): Runner | undefined {
    return state === 'archived' || state === 'archiving' ? undefined : this.all[runner];
  }

  /** Those that hold what was built. */
  holding(snapshotRef: string): Runner[] {
    const at = this.#builds.ofRef(snapshotRef)?.runner;
    const holder = at === undefined ? undefined : this.all[at];
    return holder ? [holder] : [];
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((runner) => runner.stop()));
  }
}
