import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

/** What was built, or is being built, as a snapshot; sandboxes name it by its `snapshotRef`. */
export class Build extends EventEmitter<{ line: [string]; finish: [] }> {
  /** The snapshot's id. */
  readonly id: string;
  readonly snapshotRef: string;
  /** The place of the runner that builds it among all runners. */
  readonly runner: number;
  readonly createdAt = new Date().toISOString();
  readonly lines: string[];
  #finished = false;

  constructor({ id, snapshotRef, runner, lines }: BuildFacts) {
    super();
    this.setMaxListeners(0); // One for each reader that follows.
    this.id = id ?? randomUUID();
    this.snapshotRef = snapshotRef ?? `daytona-${randomBytes(32).toString('hex')}:daytona`;
    this.runner = runner ?? 0;
    this.lines = [...(lines ?? [])];
  }

  get finished(): boolean {
    return this.#finished;
  }

  write(line: string): void {
    this.lines.push(line);
    this.emit('line', line);
  }

  /** Whoever follows the log has all of it now. */
  finish(): void {
    this.#finished = true;
    this.emit('finish');
  }
}

export interface BuildFacts {
  readonly id?: string;
  readonly snapshotRef?: string;
  readonly runner?: number;
  readonly lines?: readonly string[];
}

/** The snapshots of the embedded Daytona, each with the log of its build. */
export class Builds {
  readonly #byId = new Map<string, Build>();

  /** Begins a build, which goes on until its `finish`. */
  create(facts: BuildFacts = {}): Build {
    const build = new Build(facts);
    this.#byId.set(build.id, build);
    return build;
  }

  find(id: string): Build | undefined {
    return this.#byId.get(id);
  }

  ofRef(snapshotRef: string): Build | undefined {
    return [...this.#byId.values()].find((build) => build.snapshotRef === snapshotRef);
  }
}

/** What the API says of how something was built. */
export function buildInfo(snapshotRef: string, createdAt: string) {
  return {
    snapshotRef,
    dockerfileContent: 'FROM scratch\n',
    contextHashes: [],
    createdAt,
    updatedAt: createdAt,
  };
}

/** A snapshot as the API shows it. */
export function describeSnapshot({ id, snapshotRef, createdAt, finished }: Build) {
  return {
    id,
    organizationId: 'embedded',
    general: false,
    name: `snapshot-${id}`,
    state: finished ? 'active' : 'building',
    size: null,
    entrypoint: null,
    cpu: 1,
    gpu: 0,
    mem: 1,
    disk: 1,
    errorReason: null,
    createdAt,
    updatedAt: createdAt,
    lastUsedAt: null,
    sourceSandboxId: null,
    ref: snapshotRef,
    buildInfo: buildInfo(snapshotRef, createdAt),
  };
}
