const lateMs = 600_000;
/** What was noted so shortly ago is not noted again: requests come by the thousand. */
const soonMs = 10_000;
const mostSandboxes = 10_000;
const mostPorts = 8;

/**
 * The ports of sandboxes behind which an app has answered in the last ten minutes, so that who asks
 * for a port where nothing listens can be told of others. It is what this process has seen, and
 * costs Daytona nothing.
 */
export class AnsweringPorts {
  /** By Daytona's id; of each port when it answered last, the latest at the end. */
  readonly #sandboxes = new Map<string, Map<number, number>>();

  note(sandboxId: string, port: number): void {
    const now = performance.now();
    const known = this.#sandboxes.get(sandboxId);
    const last = known?.get(port);
    if (last !== undefined && now - last < soonMs) return;
    const ports = known ?? this.#add(sandboxId);
    ports.delete(port);
    if (ports.size >= mostPorts) dropOldest(ports);
    ports.set(port, now);
  }

  /** To be called where nothing listens any more. */
  forget(sandboxId: string, port: number): void {
    this.#sandboxes.get(sandboxId)?.delete(port);
  }

  /** From the lowest on. */
  of(sandboxId: string): number[] {
    const since = performance.now() - lateMs;
    return [...(this.#sandboxes.get(sandboxId) ?? [])]
      .flatMap(([port, at]) => (at > since ? port : []))
      .sort((a, b) => a - b);
  }

  sweep(): void {
    for (const id of this.#sandboxes.keys()) {
      if (this.of(id).length === 0) this.#sandboxes.delete(id);
    }
  }

  get size(): number {
    return this.#sandboxes.size;
  }

  #add(sandboxId: string): Map<number, number> {
    if (this.#sandboxes.size >= mostSandboxes) dropOldest(this.#sandboxes);
    const ports = new Map<number, number>();
    this.#sandboxes.set(sandboxId, ports);
    return ports;
  }
}

function dropOldest(map: Map<unknown, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
