/** Daytona's own ports of a sandbox: the preview token would open them to anybody. */
export const reservedPort = { terminal: 22222, toolbox: 2280, recordings: 33333 } as const;

const reservedPorts: ReadonlySet<number> = new Set(Object.values(reservedPort));

/** True for Daytona's own ports of a sandbox, which are never public. */
export function isReserved(port: number): boolean {
  return reservedPorts.has(port);
}
