import type { Caller } from './command.ts';
import type { Rig } from './rig.ts';

/** What the doctor has found of one thing. */
export interface Found {
  readonly check: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly detail: string;
  readonly fix: readonly string[];
}

/** All that the doctor has found. */
export interface Examined {
  readonly code: number;
  readonly checks: readonly Found[];
  /** The names of the checks that have failed. */
  readonly wrong: readonly string[];
  /** One of the checks. */
  of(name: string): Found;
}

/** Has the doctor examine, and reads its JSON. */
export async function examine(
  caller: Caller,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Examined> {
  const { code, error, ...rest } = await caller.json(['doctor', ...args], env);
  const checks: readonly Found[] = (error ?? rest).checks;
  return {
    code,
    checks,
    wrong: checks.filter(({ result }) => result === 'failed').map(({ check }) => check),
    of: (name) => {
      const found = checks.find(({ check }) => check === name);
      if (!found) throw new Error(`there is no check ${name}`);
      return found;
    },
  };
}

/** The settings of the proxy of a rig, as its operator has them. */
export function settingsOf({ daytona, proxy }: Rig, domain: string): Record<string, string> {
  return {
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: domain,
    PORT: String(proxy.port),
    HOST: '127.0.0.1',
  };
}
