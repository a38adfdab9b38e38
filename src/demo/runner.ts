import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { RunnerFull } from '@daytona/api-client';
import { createCarrier } from './carrier.ts';
import { Listener } from './listener.ts';
import { admitToRunner, type RunnerRules } from './runnerRules.ts';
import { createToolbox } from './toolbox.ts';

/**
 * A machine that sandboxes live on, reached by a key of its own. `request` tells of every request
 * and upgrade as it came, before it is decided upon.
 */
export class Runner extends EventEmitter<{ request: [IncomingMessage] }> {
  readonly id = randomUUID();
  readonly #rules: RunnerRules;
  readonly #toolbox = new Listener(createToolbox);
  #listener: Listener;
  #apiKey = newKey();

  constructor(rules: Pick<RunnerRules, 'sandboxOf' | 'builds' | 'faults' | 'sessions'>) {
    super();
    this.#rules = {
      ...rules,
      apiKey: () => this.#apiKey,
      toolboxPort: () => this.#toolbox.port,
    };
    this.#listener = this.#newListener();
  }

  get apiKey(): string {
    return this.#apiKey;
  }

  get port(): number {
    return this.#listener.port;
  }

  get proxyUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** From now on only the new key, which it returns, opens the runner. */
  renewKey(): string {
    this.#apiKey = newKey();
    return this.#apiKey;
  }

  /** Listens, after a stop on another port than before: it has moved. */
  async start(): Promise<void> {
    const before = this.port;
    await this.#toolbox.open();
    await this.#listener.open();
    while (this.port === before) {
      await this.#listener.close();
      this.#listener = this.#newListener();
      await this.#listener.open();
    }
  }

  /** Ends every connection; who connects from now on is refused. */
  async stop(): Promise<void> {
    await Promise.all([this.#listener.close(), this.#toolbox.close()]);
  }

  #newListener(): Listener {
    return new Listener(() =>
      createCarrier((req, res) => {
        this.emit('request', req);
        return admitToRunner(req, res, this.#rules);
      }),
    );
  }
}

/** A runner as the API shows it to who may have its key. */
export function describeRunner({ id, apiKey, proxyUrl }: Runner): RunnerFull {
  const now = new Date().toISOString();
  return {
    id,
    apiKey,
    proxyUrl,
    apiUrl: proxyUrl,
    domain: new URL(proxyUrl).host,
    name: `runner-${id.slice(0, 8)}`,
    region: 'local',
    regionType: 'shared',
    state: 'ready',
    sandboxClass: 'container',
    runnerClass: 'container',
    class: 'container',
    cpu: 4,
    memory: 8,
    disk: 50,
    gpu: 0,
    availabilityScore: 100,
    unschedulable: false,
    tags: [],
    version: '2',
    apiVersion: '2',
    appVersion: 'embedded',
    lastChecked: now,
    createdAt: now,
    updatedAt: now,
  };
}

function newKey(): string {
  return randomBytes(32).toString('hex');
}
