import { randomBytes, randomUUID } from 'node:crypto';
import { desiredBy } from './states.ts';

/** One sandbox of the embedded Daytona. Its apps are processes on loopback. */
export interface Sandbox {
  readonly id: string;
  readonly name: string;
  /** Whoever sets it, it is told as an event, and `desiredState` goes along. */
  state: string;
  /** The state that somebody wished for last. */
  desiredState: string;
  public: boolean;
  labels: Record<string, string>;
  /** 32 characters, renewed by every start. */
  token: string;
  /** The token before the last renewal, and when that was. */
  renewed: { readonly token: string; readonly at: number } | undefined;
  /** When it came to be started again, as `performance.now()` says it. */
  startedAt: number | undefined;
  /** The place of its runner among all; another one, and it has moved. */
  runner: number;
  /** What was built for it; undefined where it came from a snapshot that there was. */
  readonly snapshotRef: string | undefined;
  /** Sandbox port → real loopback port. */
  readonly ports: Map<number, number>;
  /** Whether commands of it run on this machine, on the ports that they say themselves. */
  runsHere: boolean;
  /** The image or the snapshot that it was made of. */
  readonly source: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cpu: number;
  /** In GiB, as `disk` is. */
  readonly memory: number;
  readonly disk: number;
  /** In minutes; 0 is never. */
  readonly autoStopInterval: number;
  readonly outboundProxyUrl: string | undefined;
  readonly createdAt: string;
  lastActivityAt: string;
  errorReason: string | undefined;
  /** Whether an error is one that a recovery mends. */
  recoverable: boolean;
  /** True where it is another organization's than the API key's. */
  foreign: boolean;
  networkBlockAll: boolean;
  /** Networks in CIDR form, with commas between. */
  networkAllowList: string | undefined;
  /** Domains, with commas between. */
  domainAllowList: string | undefined;
}

/** Hears that one of a sandbox's two states has changed. */
export type StateListener = (
  which: 'state' | 'desiredState',
  sandbox: Sandbox,
  before: string,
) => void;

/** Makes a started, private sandbox; `facts` replaces what should differ. */
export function makeSandbox(facts: Partial<Sandbox>, tell: StateListener): Sandbox {
  let { state = 'started', desiredState = desiredBy(state) ?? 'started' } = facts;
  const id = facts.id ?? randomUUID();
  const { state: _state, desiredState: _desired, ...others } = facts;
  const sandbox: Sandbox = {
    id,
    name: `sandbox-${id.slice(0, 8)}`,
    public: false,
    labels: {},
    token: newToken(),
    renewed: undefined,
    startedAt: undefined,
    runner: 0,
    snapshotRef: undefined,
    ports: new Map(),
    runsHere: false,
    source: 'embedded',
    env: { APP_SECRET: 'only-the-sandbox-may-know' },
    cpu: 1,
    memory: 1,
    disk: 1,
    autoStopInterval: 15,
    outboundProxyUrl: undefined,
    createdAt: new Date().toISOString(),
    lastActivityAt: new Date().toISOString(),
    errorReason: undefined,
    recoverable: false,
    foreign: false,
    networkBlockAll: false,
    networkAllowList: undefined,
    domainAllowList: undefined,
    ...others,
    get state() {
      return state;
    },
    set state(next) {
      if (next === state) return;
      // The wish comes first: whoever hears of the state finds both of them true.
      sandbox.desiredState = desiredBy(next) ?? desiredState;
      const before = state;
      state = next;
      if (next === 'started') sandbox.startedAt = performance.now();
      tell('state', sandbox, before);
    },
    get desiredState() {
      return desiredState;
    },
    set desiredState(next) {
      if (next === desiredState) return;
      const before = desiredState;
      desiredState = next;
      tell('desiredState', sandbox, before);
    },
  };
  return sandbox;
}

/** Gives a sandbox a new token, as every start that is accepted does. */
export function renewToken(sandbox: Sandbox): void {
  sandbox.renewed = { token: sandbox.token, at: performance.now() };
  sandbox.token = newToken();
}

function newToken(): string {
  return randomBytes(16).toString('hex');
}
