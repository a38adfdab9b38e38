import type { Admitted } from '../carrier.ts';

/** Only who knows the key is served: whatever else runs on this machine may reach the port. */
export interface SessionsDoor {
  /** Where what runs commands in sandboxes listens. */
  readonly port: () => number;
  readonly key: string;
}

export const keyHeader = 'x-sessions-key';

/** Leads a request that was admitted to the sessions of a sandbox. */
export function toSessions(
  { port, key }: SessionsDoor,
  sandboxId: string,
  path: string,
  headers: readonly string[],
): Admitted {
  return {
    appPort: port(),
    path: `/${sandboxId}${path}`,
    headers: [...headers, keyHeader, key],
    added: [],
  };
}
