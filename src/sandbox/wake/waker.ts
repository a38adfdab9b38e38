import { setTimeout as wait } from 'node:timers/promises';
import { BoundedCache } from '../../boundedCache.ts';
import { keyOf, type SandboxAddress } from '../../exchange.ts';
import type { Log } from '../../log/logger.ts';
import { asProxyError, ProxyError } from '../../replies/errors.ts';
import type { Observer } from '../../telemetry/observer.ts';
import { hadNoAnswer } from '../apiCalls.ts';
import type { Daytona, SandboxFacts } from '../daytona.ts';
import { isPassing, isStartable, readState } from '../state.ts';
import { Wake } from './wake.ts';

const lookMs = 1_000;
const probeMs = 500;
/** Archived sandboxes take minutes. */
const longestStartMs = 600_000;
/** An app that does not listen so long after its sandbox was started is not started with it. */
const longestPortMs = 120_000;
/** A start of which nothing has come by now, ours or another instance's, was in vain. */
const longestSilenceMs = 15_000;
const mostRemembered = 10_000;
/** Ports that are waited for, for each sandbox that may be on its way. */
const portsEach = 20;

export interface WakeRules {
  /** No second start of a sandbox within this time, in ms. */
  readonly cooldownMs: number;
  /** Sandboxes that may be on their way up at the same time. */
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
  /** Tells the other instances of a start, by what the sandbox goes by. */
  readonly tell: (id: string) => void;
  readonly log: Log;
  readonly observer: Pick<Observer, 'wake'>;
}

/** Starts sandboxes that sleep: once for all who wait, and not again and again. */
export class Waker {
  readonly #parts: WakerParts;
  /** Sandboxes on their way up, and ports of them that are waited for. */
  readonly #sandboxes = new Map<string, Wake>();
  readonly #ports = new Map<string, Wake>();
  /**
   * Sandboxes that were started a moment ago, by Daytona's id: one may go by a name too. What Daytona
   * did not want to start is here also by what it was asked for as.
   */
  readonly #cooling = new BoundedCache<{ refused?: ProxyError }>(mostRemembered);
  /** What another instance is starting. */
  readonly #elsewhere = new BoundedCache<true>(mostRemembered);
  readonly #closing = new AbortController();

  constructor(parts: WakerParts) {
    this.#parts = parts;
  }

  /** To be called with what another instance has told of. */
  heard(id: string): void {
    this.#elsewhere.set(id, true, longestSilenceMs);
  }

  /**
   * Joins the way that a port's sandbox is on, or begins one.
   *
   * @param state of the sandbox, as far as known
   * @param mayStart false for who may only wait for what comes by itself
   * @returns undefined where there is nothing to wait for
   * @throws ProxyError TOO_MANY_STARTS, or why Daytona did not want to start it a moment ago
   */
  join(address: SandboxAddress, state: string, mayStart: boolean): Wake | undefined {
    const known = this.#ports.get(keyOf(address));
    if (known) {
      const way = this.#sandboxes.get(address.id);
      if (way) way.mayStart ||= mayStart;
      return known;
    }
    const way = this.#sandboxes.get(address.id) ?? this.#begin(address.id, state, mayStart);
    if (!way) return undefined;
    way.mayStart ||= mayStart;
    if (this.#ports.size >= this.#parts.most * portsEach) throw tooMany();
    const port = new Wake(way.state, mayStart, (wake) => this.#untilAnswering(address, way, wake));
    return keep(this.#ports, keyOf(address), port);
  }

  /** The way that a port's sandbox is on. */
  of(address: SandboxAddress): Wake | undefined {
    return this.#ports.get(keyOf(address));
  }

  sweep(): void {
    this.#cooling.sweep();
    this.#elsewhere.sweep();
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#closing.abort();
  }

  #begin(id: string, state: string, mayStart: boolean): Wake | undefined {
    const awaited = mayStart || this.#elsewhere.get(id) === true;
    if (!isPassing(state) && !(awaited && isStartable(state))) return undefined;
    const refused = isStartable(state) ? this.#cooling.get(id)?.refused : undefined;
    if (refused) throw refused;
    if (this.#sandboxes.size >= this.#parts.most) throw tooMany();
    const way = new Wake(state, mayStart, (wake) => this.#untilRunning(id, wake));
    return keep(this.#sandboxes, id, way);
  }

  async #untilRunning(id: string, wake: Wake): Promise<void> {
    /** True once it was started, here or by whoever was quicker. */
    let began = false;
    let ours = false;
    /** The start that is under way here. */
    let starting: Promise<ProxyError | 'done'> | undefined;
    const begun = performance.now();
    for (let quietSince = begun; ; ) {
      const facts = await this.#parts.askFacts(id).catch(bearable);
      // No key of ours sees it, and none may start it.
      if (facts?.state === 'unknown') {
        throw new ProxyError('SANDBOX_NOT_RUNNING', { state: wake.state, retryAfter: 5 });
      }
      if (facts) wake.reach(facts.state);
      const { state } = wake;
      const reading = readState(state);
      if (facts && reading === 'running') return;
      if (reading === 'gone') throw new ProxyError('SANDBOX_NOT_FOUND');
      if (facts && isStartable(state) && wake.mayStart && !ours) {
        began = true;
        // At each look: it may have stopped again after the start that is still cooling.
        ours = await this.#claim(facts.id);
        if (ours) {
          quietSince = performance.now();
          // Daytona answers only when it is done: the way is watched meanwhile.
          starting = this.#start(id, facts.id);
        }
      }
      const now = performance.now();
      const expected =
        (began || this.#elsewhere.get(id) === true) && now - quietSince < longestSilenceMs;
      if (now - begun > longestStartMs || !mayComeUp(state, expected)) {
        throw new ProxyError('SANDBOX_NOT_RUNNING', { state, retryAfter: 5 });
      }
      const outcome = await Promise.race([this.#pause(lookMs), ...(starting ? [starting] : [])]);
      if (outcome !== undefined) starting = undefined;
      if (outcome instanceof ProxyError) throw outcome;
    }
  }

  /** Tries a second time where the first got no word of Daytona's. */
  async #start(id: string, sandboxId: string): Promise<ProxyError | 'done'> {
    this.#parts.log('info', 'wake.start', { sandbox: id });
    this.#parts.observer.wake('start', 0);
    this.#parts.tell(id);
    try {
      await this.#parts.daytona.start(sandboxId).catch(async (error) => {
        bearable(error);
        await this.#pause(lookMs);
        await this.#parts.daytona.start(sandboxId).catch(bearable);
      });
      return 'done';
    } catch (error) {
      const refused = asProxyError(error);
      for (const key of [id, sandboxId])
        this.#cooling.set(key, { refused }, this.#parts.cooldownMs);
      return refused;
    }
  }

  /** @returns false where somebody has started it a moment ago, here or on another instance */
  async #claim(sandboxId: string): Promise<boolean> {
    const { claim, cooldownMs } = this.#parts;
    const cooling = this.#cooling.get(sandboxId);
    if (cooling?.refused) throw cooling.refused;
    if (cooling) return false;
    this.#cooling.set(sandboxId, {}, cooldownMs);
    return (await claim(sandboxId, cooldownMs)) ?? true;
  }

  async #untilAnswering(address: SandboxAddress, way: Wake, wake: Wake): Promise<void> {
    const { log, observer, answers } = this.#parts;
    const { id, port } = address;
    const begun = performance.now();
    const durationMs = () => Math.round(performance.now() - begun);
    const stop = way.onState((state) => wake.reach(state));
    try {
      await way.done;
      wake.reach('waiting for the port');
      for (const end = performance.now() + longestPortMs; ; await this.#pause(probeMs)) {
        if (await answers(address).catch(bearable)) break;
        if (performance.now() > end) throw new ProxyError('PORT_NOT_LISTENING');
      }
      log('info', 'wake.done', { sandbox: id, port, durationMs: durationMs() });
      observer.wake('done', durationMs());
    } catch (thrown) {
      const error = asProxyError(thrown);
      const facts = { sandbox: id, port, code: error.code, durationMs: durationMs() };
      log(error.code === 'INTERNAL' ? 'error' : 'warn', 'wake.failed', facts);
      observer.wake(error.code === 'PORT_NOT_LISTENING' ? 'not-listening' : 'failed', durationMs());
      throw error;
    } finally {
      stop();
    }
  }

  async #pause(ms: number): Promise<undefined> {
    await wait(ms, undefined, { signal: this.#closing.signal }).catch(() => {
      throw new ProxyError('SANDBOX_STARTING', { retryAfter: 5 });
    });
  }
}

/** Keeps a way for as long as it is under way. */
function keep(ways: Map<string, Wake>, key: string, wake: Wake): Wake {
  ways.set(key, wake);
  const over = () => ways.delete(key);
  wake.done.then(over, over);
  return wake;
}

function tooMany(): ProxyError {
  return new ProxyError('TOO_MANY_STARTS', { retryAfter: 5 });
}

/**
 * False for a state that nobody can expect to change by itself any more.
 *
 * @param started a moment ago, by whomever
 */
function mayComeUp(state: string, started: boolean): boolean {
  return isPassing(state) || (started && isStartable(state));
}

/** A sandbox may start although Daytona's API does not tell of it for a moment. */
function bearable(error: unknown): undefined {
  if (!hadNoAnswer(error)) throw error;
}
