import {
  ConfigApi,
  Configuration,
  PreviewApi,
  RunnersApi,
  SandboxApi,
  SnapshotsApi,
} from '@daytona/api-client';
import { z } from 'zod';
import { asProxyError } from '../replies/errors.ts';
import { type ApiCallRules, ApiCalls, type Meanings } from './apiCalls.ts';
import type { Daytona } from './daytona.ts';

export interface ApiAccount extends ApiCallRules {
  readonly apiKey: string;
  readonly apiUrl: string;
}

/** Daytona's REST clients, and the calls that are the same whichever key makes them. */
export interface RestApi
  extends Pick<Daytona, 'mayAccess' | 'start' | 'noteActivity' | 'provider'> {
  readonly calls: ApiCalls;
  /** With a visitor's own key or JWT, about builds: what that brings about stands in nobody's way. */
  readonly buildCalls: ApiCalls;
  readonly sandboxes: SandboxApi;
  readonly previews: PreviewApi;
  readonly runners: RunnersApi;
  /** Without a key of ours. */
  readonly snapshots: SnapshotsApi;
  readonly visitorSandboxes: SandboxApi;
}

const loginConfig = z.object({
  oidc: z
    .object({ issuer: z.string(), clientId: z.string(), audience: z.string().optional() })
    .optional(),
});

/** Whatever says no to a visitor's own key: it opens nothing here. */
export const aboutVisitors: Meanings = {
  400: 'SANDBOX_NOT_FOUND',
  401: 'SANDBOX_NOT_FOUND',
  403: 'SANDBOX_NOT_FOUND',
  404: 'SANDBOX_NOT_FOUND',
};
const aboutStarts: Meanings = {
  400: 'START_REFUSED',
  401: 'DAYTONA_REJECTED_KEY',
  403: 'START_REFUSED',
  404: 'SANDBOX_NOT_FOUND',
  409: 'START_UNDER_WAY',
  422: 'START_REFUSED',
};
/** Daytona answers a start when the sandbox runs, or after 30 s. */
const startMs = 35_000;
const anything = z.unknown();

/** Makes the clients of one key. */
export function restApi({ apiKey, apiUrl, ...rules }: ApiAccount): RestApi {
  // A redirect would carry the key to wherever it points.
  const baseOptions = { maxRedirects: 0, maxContentLength: 1_048_576 };
  const anonymous = new Configuration({ basePath: apiUrl, baseOptions });
  const headers = { Authorization: `Bearer ${apiKey}` };
  const ours = new Configuration({ basePath: apiUrl, baseOptions: { ...baseOptions, headers } });
  const config = new ConfigApi(anonymous);
  const visitors = new PreviewApi(anonymous);
  const sandboxes = new SandboxApi(ours);
  const calls = new ApiCalls(rules);
  // The same for whether visitors may see a sandbox.
  const visitorCalls = new ApiCalls(rules);
  return {
    calls,
    buildCalls: new ApiCalls(rules),
    sandboxes,
    previews: new PreviewApi(ours),
    runners: new RunnersApi(ours),
    snapshots: new SnapshotsApi(anonymous),
    visitorSandboxes: new SandboxApi(anonymous),
    provider: async () => {
      const found = await calls.call('config', loginConfig, async (signal) => {
        const answer = await config.configControllerGetConfig({ signal });
        return answer.data;
      });
      const { issuer, clientId, audience } = found.oidc ?? {};
      return issuer && clientId ? { issuer, clientId, audience: audience || undefined } : undefined;
    },
    mayAccess: (sandboxId, bearer) => {
      const options = { headers: { Authorization: `Bearer ${bearer}` } };
      const ask = async (signal: AbortSignal) =>
        (await visitors.hasSandboxAccess(sandboxId, { ...options, signal })).data;
      return isSo(visitorCalls.call('preview-access', anything, ask, { meanings: aboutVisitors }));
    },
    start: async (idOrName) => {
      const ask = (signal: AbortSignal) => sandboxes.startSandbox(idOrName, undefined, { signal });
      const rules = { meanings: aboutStarts, timeoutMs: startMs };
      await calls.call('start', anything, ask, rules).catch((error) => {
        if (asProxyError(error).code !== 'START_UNDER_WAY') throw error;
      });
    },
    noteActivity: async (sandboxId) => {
      await calls.call('last-activity', anything, (signal) =>
        sandboxes.updateLastActivity(sandboxId, undefined, undefined, { signal }),
      );
    },
  };
}

/** Reads an answer of Daytona's to a question of yes or no, which it answers by 200 or 404. */
export async function isSo(answer: Promise<unknown>): Promise<boolean> {
  try {
    return (await answer) !== false;
  } catch (error) {
    if (asProxyError(error).code === 'SANDBOX_NOT_FOUND') return false;
    throw error;
  }
}
