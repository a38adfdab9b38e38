import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Router } from 'express';
import type { Failures } from '../access/failures.ts';
import type { Config } from '../config/config.ts';
import { cookieSecrets } from '../config/cookieSecrets.ts';
import type { OpenWork } from '../lifecycle/openWork.ts';
import type { RequireOperator } from '../replies/ops.ts';
import { Seals } from '../seals.ts';
import type { SharedStore } from '../store/sharedStore.ts';
import { servingStore } from '../store/sharedStore.ts';
import type { Observer } from '../telemetry/observer.ts';
import { Door } from './door.ts';
import { History } from './history.ts';
import { Instance, type InstanceFacts } from './instance.ts';
import { Instances } from './instances.ts';
import { Listeners } from './listeners.ts';
import { reportOf } from './report.ts';
import { type Forget, statsPages } from './statsPages.ts';
import { Visits } from './visits.ts';

/** What is counted from the first moment on. */
export interface StatsRecord {
  readonly history: History;
  readonly visits: Visits;
  readonly observers: readonly Partial<Observer>[];
}

export interface StatsParts {
  readonly record: StatsRecord;
  readonly store: SharedStore | undefined;
  readonly failures: Failures;
  readonly observer: Pick<Observer, 'attempt'>;
  readonly version: string;
  readonly port: () => number;
  readonly openWork: OpenWork;
  readonly cached: InstanceFacts['cached'];
  readonly forget: Forget;
}

/** To be made before everything that is observed. */
export function recordStats(): StatsRecord {
  const history = new History();
  const visits = new Visits();
  return { history, visits, observers: [history, visits] };
}

/** Builds the page for operators. */
export function createStats(
  config: Config,
  { record, store, failures, observer, version, port, openWork, cached, forget }: StatsParts,
): {
  readonly pages: Router;
  readonly requireOperator: RequireOperator;
  close(): Promise<void>;
} {
  const secrets = cookieSecrets(config);
  const seals = new Seals(secrets.length > 0 ? secrets : [randomBytes(32).toString('base64url')]);
  const report = async () => reportOf(await instances.summaries(), servingStore(store));
  const listeners = new Listeners(report);
  const facts: InstanceFacts = {
    version,
    name: () => `${hostname()}:${port()}`,
    draining: () => openWork.draining,
    open: () => {
      const open = openWork.counts();
      // The open pages are streams too, but nobody's traffic.
      return {
        requests: Math.max(0, open.openRequests - listeners.requests),
        sockets: open.openWebSockets,
        streams: Math.max(0, open.openEventStreams - listeners.size),
        connections: open.openConnections,
      };
    },
    cached,
  };
  // Over a store that is up it tells of this instance at once.
  const instances = new Instances(new Instance(facts, record.history, record.visits), store);
  const door = new Door({ token: config.STATS_TOKEN, seals, failures, observer });
  return {
    pages: statsPages({ door, listeners, forget }),
    requireOperator: (req) => door.require(req),
    close: () => {
      listeners.close();
      return instances.close();
    },
  };
}
