/** Web terminal, toolbox, recording dashboard: the preview token would open them to anybody. */
const reservedPorts: ReadonlySet<number> = new Set([22222, 2280, 33333]);

/** True for Daytona's own ports of a sandbox, which are never public. */
export function isReserved(port: number): boolean {
  return reservedPorts.has(port);
}
