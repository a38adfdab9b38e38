import { ConfigApi, Configuration, PreviewApi, SandboxApi } from '@daytona/api-client';
import { z } from 'zod';
import { asProxyError } from '../replies/errors.ts';
import { type ApiCallRules, ApiCalls, type Meanings } from './apiCalls.ts';

/** Where Daytona serves a port of a sandbox. The token opens all of its ports: keep it secret. */
export interface PreviewLink {
  readonly sandboxId: string;
  readonly url: string;
  readonly token: string;
}

/** What we keep of a sandbox; its `env` and the rest, which hold secrets, are dropped. */
export interface SandboxFacts {
  readonly id: string;
  readonly state: string;
  readonly public: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** The calls that resolving a sandbox needs. Each rejects with a ProxyError and nothing else. */
export interface Daytona {
  previewLink(idOrName: string, port: number): Promise<PreviewLink>;
  facts(idOrName: string): Promise<SandboxFacts>;
  /** Says whether Daytona lets the holder of a key or a JWT, which is not ours, see a sandbox. */
  mayAccess(sandboxId: string, bearer: string): Promise<boolean>;
  /**
   * Has a sandbox started, and resolves when Daytona has taken the wish or done it.
   * Rejects with START_REFUSED where it does not want to: over quota, suspended, in no such state.
   */
  start(idOrName: string): Promise<void>;
  /** Tells Daytona that somebody uses a sandbox, which puts off its automatic stop. */
  noteActivity(sandboxId: string): Promise<void>;
  /** The OpenID Connect provider of Daytona's users; undefined where it names none. */
  provider(): Promise<LoginProvider | undefined>;
}

export interface LoginProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string | undefined;
}

export interface DaytonaOptions extends ApiCallRules {
  readonly apiKey: string;
  readonly apiUrl: string;
}

export const previewLink = z.object({
  sandboxId: z.string().min(1),
  url: z.string().min(1),
  token: z.string().regex(/^[\x21-\x7e]+$/),
});
/** What we keep of a sandbox, wherever Daytona tells of one. */
export const facts = z.object({
  id: z.string().min(1),
  state: z.string().default('unknown'),
  public: z.boolean(),
  labels: z.record(z.string(), z.string()).default({}),
});

const loginConfig = z.object({
  oidc: z
    .object({ issuer: z.string(), clientId: z.string(), audience: z.string().optional() })
    .optional(),
});

/** Whatever says no to a visitor's own key: it opens nothing here. */
const aboutVisitors: Meanings = {
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

/**
 * Speaks to the Daytona API. The preview link goes through Daytona's REST client, one call where
 * the SDK's own way takes two; facts go through the SDK, which is loaded in the background, so
 * that its 0.3 s do not stand before the first request.
 */
export function connectDaytona({ apiKey, apiUrl, ...rules }: DaytonaOptions): Daytona {
  // A redirect would carry the key to wherever it points.
  const baseOptions = { maxRedirects: 0, maxContentLength: 1_048_576 };
  const preview = new PreviewApi(new Configuration({ basePath: apiUrl, baseOptions }));
  const config = new ConfigApi(new Configuration({ basePath: apiUrl, baseOptions }));
  const headers = { Authorization: `Bearer ${apiKey}` };
  const rest = new SandboxApi(
    new Configuration({ basePath: apiUrl, baseOptions: { ...baseOptions, headers } }),
  );
  const requestTimeoutMs = rules.timeoutMs;
  const sdk = import('@daytonaio/sdk').then(
    ({ Daytona }) => new Daytona({ apiKey, apiUrl, requestTimeoutMs, useDeprecatedPolling: true }),
  );
  sdk.catch(() => {}); // A failed import shows at the first call that needs it.
  const calls = new ApiCalls(rules);
  // What a visitor's own key brings about, limits for one, must not stand in the way of all others.
  const visitorCalls = new ApiCalls(rules);

  return {
    previewLink: (idOrName, port) =>
      calls.call('preview-url', previewLink, async (signal) => {
        const answer = await rest.getPortPreviewUrl(idOrName, port, undefined, { signal });
        return answer.data;
      }),
    facts: (idOrName) => calls.call('sandbox', facts, async () => (await sdk).get(idOrName)),
    provider: async () => {
      const found = await calls.call('config', loginConfig, async (signal) => {
        const answer = await config.configControllerGetConfig({ signal });
        return answer.data;
      });
      const { issuer, clientId, audience } = found.oidc ?? {};
      return issuer && clientId ? { issuer, clientId, audience: audience || undefined } : undefined;
    },
    mayAccess: async (sandboxId, bearer) => {
      const options = { headers: { Authorization: `Bearer ${bearer}` } };
      try {
        const answer = await visitorCalls.call(
          'preview-access',
          anything,
          async (signal) =>
            (await preview.hasSandboxAccess(sandboxId, { ...options, signal })).data,
          { meanings: aboutVisitors },
        );
        return answer !== false;
      } catch (error) {
        if (asProxyError(error).code === 'SANDBOX_NOT_FOUND') return false;
        throw error;
      }
    },
    start: async (idOrName) => {
      const ask = (signal: AbortSignal) => rest.startSandbox(idOrName, undefined, { signal });
      const rules = { meanings: aboutStarts, timeoutMs: startMs };
      await calls.call('start', anything, ask, rules).catch((error) => {
        if (asProxyError(error).code !== 'START_UNDER_WAY') throw error;
      });
    },
    noteActivity: async (sandboxId) => {
      await calls.call('last-activity', anything, (signal) =>
        rest.updateLastActivity(sandboxId, undefined, undefined, { signal }),
      );
    },
  };
}
