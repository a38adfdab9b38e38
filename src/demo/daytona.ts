import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createApi } from './api.ts';
import { type ApiCall, ApiCalls } from './apiCalls.ts';
import type { People } from './apiParts.ts';
import { Builds } from './builds.ts';
import { describeSandbox } from './description.ts';
import { createEdge } from './edge.ts';
import type { AttachEvents, EventServer } from './events.ts';
import { Faults } from './faults.ts';
import { Listener } from './listener.ts';
import { Refusals } from './refusals.ts';
import { Runners } from './runners.ts';
import type { Sandbox } from './sandbox.ts';
import { Sandboxes } from './sandboxes.ts';
import { createSessionServer } from './sessions/server.ts';
import { Sessions } from './sessions/sessions.ts';
import { Starts } from './starts.ts';

export interface EmbeddedDaytonaOptions {
  readonly apiKey?: string;
  /** The key that only a platform's own proxy has. */
  readonly proxyKey?: string;
  readonly domain?: string;
  readonly people?: People;
  /** Where commands in sandboxes find programs. */
  readonly searchPath?: string;
  /** Without it there are no events: who asks for them gets a 404. */
  readonly events?: AttachEvents;
}

/** A running embedded Daytona. Its API, its edge and its runners listen on 127.0.0.1 and nowhere else. */
export interface EmbeddedDaytona {
  readonly apiKey: string;
  readonly proxyKey: string;
  /** `http://127.0.0.1:41234/api` */
  readonly apiUrl: string;
  readonly edgePort: number;
  /** Preview hosts are `{port}-{id}.{domain}:{edgePort}`. */
  readonly domain: string;
  readonly sandboxes: Sandboxes;
  /** The machines that sandboxes live on; there is one, and tests may add others. */
  readonly runners: Runners;
  /** What was built for sandboxes and as snapshots. */
  readonly builds: Builds;
  readonly faults: Faults;
  /** Every API call so far. */
  readonly calls: ApiCall[];
  /** Those of one method whose path fits. */
  callsOf(method: string, path: RegExp): ApiCall[];
  /** Resolves as soon as the API has received that many calls. */
  called(count: number): Promise<void>;
  /** Ends every connection to the API, events included, and refuses new ones. */
  stopApi(): Promise<void>;
  /** Lets the API listen again, on the port it had. */
  startApi(): Promise<void>;
  /** Ends the connections of all who listen to events, as if the network did; they may come back. */
  dropEvents(how?: 'lost' | 'dismissed'): void;
  close(): Promise<void>;
}

/** Starts an API, a preview edge and a runner on free loopback ports. */
export async function startDaytona(options: EmbeddedDaytonaOptions = {}): Promise<EmbeddedDaytona> {
  const { apiKey = 'demo-key', proxyKey = 'demo-proxy-key', people } = options;
  const { domain = 'preview.localhost', searchPath = '/usr/local/bin:/usr/bin:/bin' } = options;
  const sandboxes = new Sandboxes();
  const faults = new Faults();
  const starts = new Starts(sandboxes, faults);
  const calls = new ApiCalls();
  const refusals = new Refusals(faults);
  const sessions = new Sessions(sandboxes, searchPath);
  const key = randomBytes(16).toString('hex');
  const sessionServer = new Listener(() => createSessionServer(sandboxes, sessions, key));
  const door = { port: () => sessionServer.port, key };
  const rules = { domain, sandboxes, faults, refusals, apiKey, sessions: door };
  const edge = new Listener(() => createEdge(rules));
  const builds = new Builds();
  const runners = new Runners(sandboxes, builds, faults, door);
  await Promise.all([edge.open(), sessionServer.open(), runners.add()]);
  const previewUrl = (label: string, port: number) =>
    `http://${port}-${label}.${domain}:${edge.port}`;
  const describe = (sandbox: Sandbox) =>
    describeSandbox(sandbox, `http://127.0.0.1:${edge.port}/toolbox`);
  const onCall = (call: ApiCall) => calls.add(call);
  const things = { sandboxes, starts, builds, runners, faults };
  const parts = { apiKey, proxyKey, people, ...things, onCall, previewUrl, describe };
  let events: EventServer | undefined;
  const api = new Listener(() => {
    const server = createServer(createApi(parts));
    events = options.events?.(server, { apiKey, sandboxes, faults, describe });
    return server;
  });
  await api.open();
  const stopApi = async () => {
    events?.close();
    events = undefined;
    await api.close();
  };
  return {
    apiKey,
    proxyKey,
    apiUrl: `http://127.0.0.1:${api.port}/api`,
    edgePort: edge.port,
    domain,
    sandboxes,
    runners,
    builds,
    faults,
    calls: calls.all,
    callsOf: (method, path) => calls.of(method, path),
    called: (count) => calls.reach(count),
    stopApi,
    startApi: () => api.open(),
    dropEvents: (how = 'lost') => events?.drop(how),
    close: async () => {
      starts.close();
      sessions.close();
      await Promise.all([stopApi(), edge.close(), sessionServer.close(), runners.close()]);
    },
  };
}
