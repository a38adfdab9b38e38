import { randomBytes, randomUUID } from 'node:crypto';

/** One sandbox of the embedded Daytona. Its apps are processes on loopback. */
export interface Sandbox {
  readonly id: string;
  readonly name: string;
  state: string;
  public: boolean;
  labels: Record<string, string>;
  /** 32 characters, renewed by every start. */
  token: string;
  /** The token before the last renewal, and when that was. */
  renewed: { readonly token: string; readonly at: number } | undefined;
  /** Sandbox port → real loopback port. */
  readonly ports: Map<number, number>;
  lastActivityAt: string;
  errorReason: string | undefined;
}

interface SignedToken {
  readonly sandboxId: string;
  readonly port: number;
  readonly expiresAt: number;
}

/** All sandboxes of the embedded Daytona, and the signed tokens that open them. */
export class Sandboxes {
  readonly #byId = new Map<string, Sandbox>();
  readonly #signed = new Map<string, SignedToken>();

  /** Makes a started, private sandbox; `facts` replaces what should differ. */
  create(facts: Partial<Sandbox> = {}): Sandbox {
    const id = facts.id ?? randomUUID();
    const sandbox: Sandbox = {
      id,
      name: `sandbox-${id.slice(0, 8)}`,
      state: 'started',
      public: false,
      labels: {},
      token: newToken(),
      renewed: undefined,
      ports: new Map(),
      lastActivityAt: new Date().toISOString(),
      errorReason: undefined,
      ...facts,
    };
    this.#byId.set(id, sandbox);
    return sandbox;
  }

  find(idOrName: string): Sandbox | undefined {
    return this.#byId.get(idOrName) ?? this.list().find(({ name }) => name === idOrName);
  }

  list(): Sandbox[] {
    return [...this.#byId.values()];
  }

  /** Starts a sandbox, which renews its token as the real one does. */
  start(sandbox: Sandbox): void {
    if (sandbox.state === 'started') return;
    sandbox.renewed = { token: sandbox.token, at: Date.now() };
    sandbox.token = newToken();
    sandbox.state = 'started';
  }

  stop(sandbox: Sandbox): void {
    sandbox.state = 'stopped';
  }

  archive(sandbox: Sandbox): void {
    sandbox.state = 'archived';
  }

  delete(sandbox: Sandbox): void {
    this.#byId.delete(sandbox.id);
  }

  /** Signs a token for one port; it lives for some seconds and survives a restart. */
  sign(sandbox: Sandbox, port: number, seconds: number): string {
    const token = randomBytes(8).toString('hex');
    this.#signed.set(token, {
      sandboxId: sandbox.id,
      port,
      expiresAt: Date.now() + seconds * 1000,
    });
    return token;
  }

  /** Gives the sandbox and port that a signed token opens, while it is valid. */
  signed(token: string): SignedToken | undefined {
    const signed = this.#signed.get(token);
    return signed && signed.expiresAt > Date.now() ? signed : undefined;
  }

  expire(token: string): void {
    this.#signed.delete(token);
  }
}

function newToken(): string {
  return randomBytes(16).toString('hex');
}
