import { setTimeout as wait } from 'node:timers/promises';
import { BoundedCache } from '../../boundedCache.ts';
import type { SandboxAddress } from '../../exchange.ts';
import type { Log } from '../../log/logger.ts';
import { asProxyError, ProxyError } from '../../replies/errors.ts';
import { hadNoAnswer } from '../apiCalls.ts';
import type { Daytona, SandboxFacts } from '../daytona.ts';
import { isPassing, isStartable, readState } from '../state.ts';
import { type StateListener, Wake } from './wake.ts';

const lookMs = 1_000;
const probeMs = 500;
/** Archived sandboxes take minutes. */
const longestStartMs = 600_000;
/** An app that does not listen so long after its sandbox was started is not started with it. */
const longestPortMs = 120_000;
/** A start of which nothing has come by now, of ours or of another instance, was in vain. */
const othersStartMs = 15_000;
const mostCooling = 10_000;

export interface WakeRules {
  /** No second start of a sandbox within this time, in ms. */
  readonly cooldownMs: number;
  /** Ways that may be under way at the same time. */
  readonly most: number;
}

export interface WakerParts extends WakeRules {
  readonly daytona: Pick<Daytona, 'start'>;
  /** Asks Daytona, whatever is known. */
  readonly askFacts: (id: string) => Promise<SandboxFacts>;
  /** True once the app behind the port answers. */
  readonly answers: (address: SandboxAddress) => Promise<boolean>;
  /** Reserves the start of a sandbox among all instances; undefined where nobody can say. */
  readonly claim: (sandboxId: string, ms: number) => Promise<boolean | undefined>;
  readonly log: Log;
}

/** Starts sandboxes that sleep: once for all who wait, and not again and again. */
export class Waker {
  readonly #parts: WakerParts;
  readonly #wakes = new Map<string, Wake>();
  readonly #cooling = new BoundedCache<true>(mostCooling);

  readonly #closing = new AbortController();

  constructor(parts: WakerParts) {
    this.#parts = parts;
  }

  /** The way that a port's sandbox is on. */
  of(address: SandboxAddress): Wake | undefined {
    return this.#wakes.get(keyOf(address));
  }

  /**
   * Joins the way that a sandbox is on, or begins one.
   *
   * @param state of the sandbox, as far as known
   * @param mayStart false for who may only wait for what comes by itself
   * @returns undefined where there is nothing to wait for
   * @throws ProxyError TOO_MANY_STARTS
   */
  join(address: SandboxAddress, state: string, mayStart: boolean): Wake | undefined {
    const known = this.of(address);
    if (known) return known;
    if (!isPassing(state) && !(mayStart && isStartable(state))) return undefined;
    if (this.#wakes.size >= this.#parts.most) {
      throw new ProxyError('TOO_MANY_STARTS', { retryAfter: 5 });
    }
    const key = keyOf(address);
    const wake = new Wake(state, (reach) => this.#run(address, state, mayStart, reach));
    this.#wakes.set(key, wake);
    const over = () => this.#wakes.delete(key);
    wake.done.then(over, over);
    return wake;
  }

  sweep(): void {
    this.#cooling.sweep();
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#closing.abort();
  }

  async #run(
    address: SandboxAddress,
    state: string,
    mayStart: boolean,
    reach: StateListener,
  ): Promise<void> {
    const { log } = this.#parts;
    const { id, port } = address;
    const begun = performance.now();
    const durationMs = () => Math.round(performance.now() - begun);
    try {
      await this.#untilRunning(id, state, mayStart, reach);
      reach('waiting for the port');
      await this.#untilAnswering(address);
      log('info', 'wake.done', { sandbox: id, port, durationMs: durationMs() });
    } catch (thrown) {
      const error = asProxyError(thrown);
      const facts = { sandbox: id, port, code: error.code, durationMs: durationMs() };
      log(error.code === 'INTERNAL' ? 'error' : 'warn', 'wake.failed', facts);
      throw error;
    }
  }

  async #untilRunning(
    id: string,
    known: string,
    mayStart: boolean,
    reach: StateListener,
  ): Promise<void> {
    let state = known;
    let began = false;
    /** The start that is under way here. */
    let starting: Promise<'done' | 'failed'> | undefined;
    for (const begun = performance.now(); ; ) {
      const facts = await this.#parts.askFacts(id).catch(bearable);
      state = facts?.state ?? state;
      reach(state);
      const reading = readState(state);
      if (reading === 'running') return;
      if (reading === 'gone') throw new ProxyError('SANDBOX_NOT_FOUND');
      const waited = performance.now() - begun;
      if (facts && isStartable(state) && mayStart && !began) {
        began = true;
        // Daytona answers only when it is done: the way is watched meanwhile.
        if (await this.#mayStart(facts.id)) starting = this.#start(facts.id, state);
      } else if (!mayComeUp(state, began, waited)) {
        throw new ProxyError('SANDBOX_NOT_RUNNING', { state, retryAfter: 5 });
      }
      const outcome = await Promise.race([this.#pause(lookMs), ...(starting ? [starting] : [])]);
      if (outcome !== undefined) starting = undefined;
      if (outcome === 'failed') starting = this.#start(id, state);
    }
  }

  /** @throws ProxyError where Daytona does not want to start it; where it is not to be had: `failed` */
  async #start(id: string, state: string): Promise<'done' | 'failed'> {
    this.#parts.log('info', 'wake.start', { sandbox: id, state });
    try {
      await this.#parts.daytona.start(id);
      return 'done';
    } catch (error) {
      bearable(error);
      await this.#pause(lookMs);
      return 'failed';
    }
  }

  async #pause(ms: number): Promise<undefined> {
    await wait(ms, undefined, { signal: this.#closing.signal }).catch(() => {
      throw new ProxyError('SANDBOX_STARTING', { retryAfter: 5 });
    });
  }

  /** @returns false where somebody has started it a moment ago, here or on another instance */
  async #mayStart(sandboxId: string): Promise<boolean> {
    const { claim, cooldownMs } = this.#parts;
    if (this.#cooling.get(sandboxId)) return false;
    this.#cooling.set(sandboxId, true, cooldownMs);
    return (await claim(sandboxId, cooldownMs)) ?? true;
  }

  async #untilAnswering(address: SandboxAddress): Promise<void> {
    for (const begun = performance.now(); ; await this.#pause(probeMs)) {
      if (await this.#parts.answers(address)) return;
      if (performance.now() - begun > longestPortMs) throw new ProxyError('PORT_NOT_LISTENING');
    }
  }
}

/** False for a state that nobody can expect to change by itself any more. */
function mayComeUp(state: string, began: boolean, waitedMs: number): boolean {
  if (waitedMs > longestStartMs) return false;
  return isPassing(state) || (began && isStartable(state) && waitedMs < othersStartMs);
}

/** A sandbox may start although Daytona's API does not tell of it for a moment. */
function bearable(error: unknown): undefined {
  if (!hadNoAnswer(error)) throw error;
}

function keyOf({ id, port }: SandboxAddress): string {
  return `${id}:${port}`;
}
