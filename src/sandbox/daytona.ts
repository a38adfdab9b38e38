import { ConfigApi, Configuration, PreviewApi, SandboxApi } from '@daytona/api-client';
import { z } from 'zod';
import { ProxyError } from '../replies/errors.ts';

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
  /** The OpenID Connect provider of Daytona's users; undefined where it names none. */
  provider(): Promise<LoginProvider | undefined>;
}

export interface LoginProvider {
  readonly issuer: string;
  readonly clientId: string;
  readonly audience: string | undefined;
}

export interface DaytonaOptions {
  readonly apiKey: string;
  readonly apiUrl: string;
  /** Deadline of one call, in ms. */
  readonly timeoutMs: number;
  /** Told of every failure that is not a plain 404. */
  readonly onFailure: (call: string, error: ProxyError, status: number | undefined) => void;
}

const previewLink = z.object({
  sandboxId: z.string().min(1),
  url: z.string().min(1),
  token: z.string().regex(/^[\x21-\x7e]+$/),
});
const facts = z.object({
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

const longestBackOffSeconds = 60;

/**
 * Speaks to the Daytona API. The preview link goes through Daytona's REST client, one call where
 * the SDK's own way takes two; facts go through the SDK, which is loaded in the background, so
 * that its 0.3 s do not stand before the first request.
 */
export function connectDaytona({ apiKey, apiUrl, timeoutMs, onFailure }: DaytonaOptions): Daytona {
  // A redirect would carry the key to wherever it points.
  const baseOptions = { maxRedirects: 0, maxContentLength: 1_048_576 };
  const preview = new PreviewApi(new Configuration({ basePath: apiUrl, baseOptions }));
  const config = new ConfigApi(new Configuration({ basePath: apiUrl, baseOptions }));
  const headers = { Authorization: `Bearer ${apiKey}` };
  const rest = new SandboxApi(
    new Configuration({ basePath: apiUrl, baseOptions: { ...baseOptions, headers } }),
  );
  const sdk = import('@daytonaio/sdk').then(
    ({ Daytona }) =>
      new Daytona({ apiKey, apiUrl, requestTimeoutMs: timeoutMs, useDeprecatedPolling: true }),
  );
  sdk.catch(() => {}); // A failed import shows at the first call that needs it.
  let pausedUntil = 0;

  async function call<T>(
    name: string,
    schema: z.ZodType<T>,
    ask: (signal: AbortSignal) => Promise<unknown>,
  ): Promise<T> {
    const wait = Math.ceil((pausedUntil - Date.now()) / 1000);
    if (wait > 0) throw new ProxyError('DAYTONA_UNAVAILABLE', { retryAfter: wait });
    try {
      return schema.parse(await withDeadline(timeoutMs, ask));
    } catch (cause) {
      const { error, status } = translate(cause);
      if (status === 429) pausedUntil = Date.now() + (error.retryAfter ?? 1) * 1000;
      if (error.code !== 'SANDBOX_NOT_FOUND') onFailure(name, error, status);
      throw error;
    }
  }

  return {
    previewLink: (idOrName, port) =>
      call('preview-url', previewLink, async (signal) => {
        const answer = await rest.getPortPreviewUrl(idOrName, port, undefined, { signal });
        return answer.data;
      }),
    provider: async () => {
      const found = await call('config', loginConfig, async (signal) => {
        const answer = await config.configControllerGetConfig({ signal });
        return answer.data;
      });
      const { issuer, clientId, audience } = found.oidc ?? {};
      return issuer && clientId ? { issuer, clientId, audience: audience || undefined } : undefined;
    },
    mayAccess: async (sandboxId, bearer) => {
      const headers = { Authorization: `Bearer ${bearer}` };
      try {
        const { data } = await withDeadline(timeoutMs, (signal) =>
          preview.hasSandboxAccess(sandboxId, { signal, headers }),
        );
        return data !== false;
      } catch (cause) {
        const { error, status } = translate(cause);
        if (status === 400 || status === 401 || status === 403 || status === 404) return false;
        onFailure('preview-access', error, status);
        throw error;
      }
    },
    facts: (idOrName) => call('sandbox', facts, async () => (await sdk).get(idOrName)),
  };
}

/** Ends the wait at the deadline even where the library behind `ask` would go on. */
async function withDeadline<T>(ms: number, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(ms);
  const late = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([ask(signal), late]);
}

/** Tells failures apart by status, never by message. Axios and the SDK name it differently. */
function translate(cause: unknown): { error: ProxyError; status: number | undefined } {
  const failure = cause as {
    statusCode?: number;
    headers?: Record<string, unknown>;
    response?: { status?: number; headers?: Record<string, unknown> };
  };
  const status = failure.statusCode ?? failure.response?.status;
  const headers = failure.response?.headers ?? failure.headers ?? {};
  if (status === 404) return { error: new ProxyError('SANDBOX_NOT_FOUND', { cause }), status };
  if (status === 401 || status === 403) {
    return { error: new ProxyError('DAYTONA_REJECTED_KEY', { cause }), status };
  }
  const retryAfter = status === 429 ? retryAfterOf(headers) : 1;
  return { error: new ProxyError('DAYTONA_UNAVAILABLE', { cause, retryAfter }), status };
}

/** Daytona names the throttler in the header: `Retry-After-authenticated: 7`. */
function retryAfterOf(headers: Record<string, unknown>): number {
  const seconds = Object.entries(headers)
    .filter(([name]) => name.toLowerCase().startsWith('retry-after'))
    .map(([, value]) => Number(value))
    .filter((value) => value > 0);
  return Math.min(longestBackOffSeconds, Math.ceil(Math.max(1, ...seconds)));
}
