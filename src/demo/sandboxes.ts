import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { makeSandbox, renewToken, type Sandbox } from './sandbox.ts';

export type { Sandbox } from './sandbox.ts';

interface SignedToken {
  readonly sandboxId: string;
  readonly port: number;
  readonly expiresAt: number;
}

/** What is told of sandboxes; with a change comes what was before. */
interface Events {
  created: [Sandbox];
  state: [Sandbox, before: string];
  desiredState: [Sandbox, before: string];
}

/** All sandboxes of the embedded Daytona, and the signed tokens that open them. */
export class Sandboxes extends EventEmitter<Events> {
  readonly #byId = new Map<string, Sandbox>();
  readonly #signed = new Map<string, SignedToken>();

  constructor() {
    super();
    this.setMaxListeners(0); // One for each call that waits for a start.
  }

  /** Makes a started, private sandbox; `facts` replaces what should differ. */
  create(facts: Partial<Sandbox> = {}): Sandbox {
    const sandbox = makeSandbox(facts, (which, changed, before) => {
      this.emit(which, changed, before);
    });
    this.#byId.set(sandbox.id, sandbox);
    this.emit('created', sandbox);
    return sandbox;
  }

  byId(id: string): Sandbox | undefined {
    return this.#byId.get(id);
  }

  find(idOrName: string): Sandbox | undefined {
    return this.#byId.get(idOrName) ?? this.list().find(({ name }) => name === idOrName);
  }

  list(): Sandbox[] {
    return [...this.#byId.values()];
  }

  /** Starts a sandbox at once, which renews its token as the real one does. */
  start(sandbox: Sandbox): void {
    if (sandbox.state === 'started') return;
    if (sandbox.state !== 'paused') renewToken(sandbox);
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
    sandbox.state = 'destroyed';
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
