import { z } from 'zod';

/** Where a port of a sandbox is served, and the secret that opens the way there: keep it so. */
export interface Link {
  /** Daytona's id, also where it was asked about by name. */
  readonly sandboxId: string;
  /** Of the port at Daytona's preview edge, or of the runner that the sandbox lives on. */
  readonly url: string;
  /** The sandbox's preview token, which opens all of its ports, or the runner's key. */
  readonly token: string;
}

/** What we keep of a sandbox; its `env` and the rest, which hold secrets, are dropped. */
export interface SandboxFacts {
  readonly id: string;
  /** `unknown` where nobody may tell us. */
  readonly state: string;
  readonly public: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** True where it may as well not exist: who asks about such ones may be guessing. */
  readonly unproven?: boolean | undefined;
}

/** The calls that resolving a sandbox needs. Each rejects with a ProxyError and nothing else. */
export interface Daytona {
  link(idOrName: string, port: number): Promise<Link>;
  facts(idOrName: string): Promise<SandboxFacts>;
  /** Says whether Daytona lets the holder of a key or a JWT, which is not ours, see a sandbox. */
  mayAccess(sandboxId: string, bearer: string): Promise<boolean>;
  /**
   * Has a sandbox started, and resolves when Daytona has taken the wish or done it.
   * Rejects with START_REFUSED where it does not want to: over quota, suspended, in no such state.
   */
  start(idOrName: string): Promise<void>;
  /** Tells Daytona that somebody uses a sandbox, which puts off its automatic stop. */
  noteActivity(sandboxId: string): Promise<void>;
  /** The OpenID Connect provider of Daytona's users; undefined where it names none. */
  provider(): Promise<LoginProvider | undefined>;
}

export interface LoginProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string | undefined;
}

export const link = z.object({
  sandboxId: z.string().min(1),
  url: z.string().min(1),
  token: z.string().regex(/^[\x21-\x7e]+$/),
});

/** What we keep of a sandbox, wherever Daytona tells of one. */
export const facts = z.object({
  id: z.string().min(1),
  state: z.string().default('unknown'),
  public: z.boolean(),
  labels: z.record(z.string(), z.string()).default({}),
  unproven: z.boolean().optional(),
});
