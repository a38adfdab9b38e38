import type { ApiCall } from './apiCalls.ts';
import type { Builds } from './builds.ts';
import type { SandboxDescription } from './description.ts';
import type { Faults } from './faults.ts';
import type { Runners } from './runners.ts';
import type { Sandbox, Sandboxes } from './sandboxes.ts';
import type { Starts } from './starts.ts';

/** The people of the embedded Daytona, who log in at a provider. */
export interface People {
  readonly issuer: string;
  readonly clientId: string;
  /** Whether the holder of an access token may see a sandbox, or the snapshot of that id. */
  readonly mayAccess: (accessToken: string, sandboxId: string) => Promise<boolean>;
}

/** What the calls of the API work with. */
export interface ApiParts {
  readonly apiKey: string;
  /** The platform's own key for its proxy. */
  readonly proxyKey: string;
  readonly people: People | undefined;
  readonly sandboxes: Sandboxes;
  readonly builds: Builds;
  readonly runners: Runners;
  readonly starts: Starts;
  readonly faults: Faults;
  readonly onCall: (call: ApiCall) => void;
  /** `http://{port}-{label}.{domain}:{edgePort}` */
  readonly previewUrl: (label: string, port: number) => string;
  readonly describe: (sandbox: Sandbox) => SandboxDescription;
}
