import type { SandboxSource } from '../access/access.ts';
import type { Config } from '../config/config.ts';
import type { Refusal } from '../exchange.ts';
import type { Facts, Log } from '../log/logger.ts';
import type { SharedStore } from '../store/sharedStore.ts';
import type { Observer } from '../telemetry/observer.ts';
import { Activity } from './activity.ts';
import { AnsweringPorts } from './answeringPorts.ts';
import { SandboxCache } from './cache.ts';
import { SandboxDirectory } from './directory.ts';
import { followEvents } from './events.ts';
import type { LocateParts } from './locate.ts';
import { Lookups } from './lookups.ts';
import { MissBudget } from './missBudget.ts';
import type { SandboxMode, Way } from './mode.ts';
import type { Platform } from './platform/connectPlatform.ts';
import { shareNews } from './sharedNews.ts';
import { SharedSource } from './sharedSource.ts';
import { portAnswers } from './wake/portAnswers.ts';
import { Waker } from './wake/waker.ts';

export interface SandboxSources {
  readonly mode: SandboxMode;
  /** Says why Daytona's edge lets nobody through to a port; undefined where an app answers. */
  readonly probe: (way: Way) => Promise<Refusal | undefined>;
  /** What all instances share; undefined where there is one. */
  readonly store: SharedStore | undefined;
  readonly log: Log;
  readonly observer: Observer;
}

export interface SandboxParts {
  readonly directory: SandboxDirectory;
  readonly stage: Omit<LocateParts, 'recheck' | 'mayHearOf'>;
  /** What access may ask. */
  readonly forAccess: SandboxSource;
  /**
   * Drops what is known of a sandbox, or of all, on all instances: Daytona is asked anew.
   *
   * @param by who wants it, for the log
   * @param port one that only another instance may know
   */
  forget(by: Facts, sandbox?: { readonly id: string; readonly port: number | undefined }): void;
  /** Drops expired entries and says how many links those were. */
  sweep(): number;
  close(): void;
}

/** Builds everything behind the question where a sandbox lives, and whether it is awake. */
export function createSandboxes(config: Config, sources: SandboxSources): SandboxParts {
  const { mode, probe, store, log, observer } = sources;
  const { daytona, freshness, links, wayTo } = mode;
  const shared = store && new SharedSource(daytona, store, freshness);
  const tellForgotten = shareNews(store, 'forgotten', (id) => cache.drop(id));
  const tellCleared = shareNews(store, 'forgotten-all', () => cache.clear());
  const tellStart = shareNews(store, 'starting', (id) => waker.heard(id));
  const cache = new SandboxCache(
    {
      ...freshness,
      ...links,
      shared: () => store?.status() === 'up',
      onKeepLink: (address, link) => shared?.keepLink(address, link),
      onForget: (id, ports) => {
        shared?.forget(id, ports);
        tellForgotten(id);
      },
    },
    log,
  );
  const budget = new MissBudget({
    windowMs: config.RATE_LIMIT_WINDOW_MS,
    perClient: config.LOOKUP_MISSES_PER_CLIENT,
    inAll: config.LOOKUP_MISSES,
  });
  const directory = new SandboxDirectory(
    cache,
    new Lookups(shared ?? daytona, budget, cache, links, log),
    links,
    log,
  );
  const answering = new AnsweringPorts();
  const activity = new Activity({
    mode: config.ACTIVITY,
    honoursSkip: config.MODE === 'platform',
    report: daytona.noteActivity,
    claim: async (id, ms) => store?.claim(`activity:${id}`, ms),
  });
  const waker = new Waker({
    daytona,
    askFacts: (id) => directory.askFacts(id),
    answers: portAnswers(directory, wayTo, probe),
    claim: async (id, ms) => store?.claim(`wake:${id}`, ms),
    tell: tellStart,
    cooldownMs: config.WAKE_COOLDOWN_MS,
    most: config.WAKE_MAX,
    log,
    observer,
  });
  const events =
    config.DAYTONA_EVENTS === 'auto' && config.DAYTONA_API_KEY !== undefined
      ? followEvents({
          apiKey: config.DAYTONA_API_KEY,
          apiUrl: config.DAYTONA_API_URL,
          onChange: (change) => {
            for (const id of directory.learn(change)) shared?.keepFacts(id, change.facts);
          },
          log,
        })
      : undefined;
  events?.catch(() => {}); // Times do without.
  return {
    directory,
    forAccess: {
      factsOf: (address, client) => directory.factsOf(address, client),
      tokenOf: (address, client) => directory.tokenOf(address, client),
      tokenAfresh: (address, known, client) => directory.tokenAfresh(address, known, client),
      resolve: (address, client) => directory.resolve(address, client),
      signedFor: mode.platform && budgetedSigned(mode.platform, budget),
    },
    stage: {
      directory,
      wayTo,
      activity,
      answering,
      wake: { mode: mode.mayStart ? config.WAKE : 'off', holdMs: config.WAKE_HOLD_MS, waker },
    },
    forget: (by, sandbox) => {
      if (sandbox) {
        const ports = sandbox.port === undefined ? [] : [sandbox.port];
        return cache.forget(sandbox.id, 'an operator wants it', ports, by);
      }
      cache.clear(by);
      // The others look anew as soon as they hear of it: by then nothing that is kept may be believed.
      void shared?.forgetAll().then(() => tellCleared('all'));
    },
    sweep: () => {
      waker.sweep();
      answering.sweep();
      return directory.sweep();
    },
    close: () => {
      activity.close();
      waker.close();
      events?.then((end) => end()).catch(() => {});
    },
  };
}

/** Whoever guesses at signed tokens has the same budget as who guesses at ids. */
function budgetedSigned({ signedFor }: Platform, budget: MissBudget) {
  return (token: string, port: number, client: string) =>
    budget.spend(
      client,
      () => signedFor(token, port),
      (outcome) => 'found' in outcome && outcome.found === undefined,
    );
}
