import { z } from 'zod';
import { isSandboxId } from '../../access/allowedSandboxes.ts';
import { BoundedCache } from '../../boundedCache.ts';
import { asProxyError, type ErrorCode, ProxyError } from '../../replies/errors.ts';
import type { ApiCallRules, Meanings } from '../apiCalls.ts';
import { connectDaytona } from '../connectDaytona.ts';
import type { Daytona, Link } from '../daytona.ts';
import { aboutVisitors, isSo, type RestApi, restApi } from '../restApi.ts';

export interface PlatformAccount extends ApiCallRules {
  readonly apiUrl: string;
  /** The platform's own key for its proxy. */
  readonly proxyKey: string;
  /** An organization's key, which sees states and labels and starts sandboxes; undefined without. */
  readonly apiKey: string | undefined;
}

/** Whatever a runner serves beside its sandboxes. */
export type Runner = Omit<Link, 'sandboxId'>;

/** Daytona, as the proxy that stands inside a self-hosted one speaks to it. */
export interface Platform extends Daytona {
  /** Whether a preview token, or a signed one, opens a sandbox. */
  opens(sandboxId: string, token: string): Promise<boolean>;
  /** The sandbox that a signed token opens a port of; undefined for one that does not. */
  signedFor(token: string, port: number): Promise<string | undefined>;
  /**
   * What was built for a sandbox or as a snapshot, and the runner that did it, as far as the holder
   * of a key or a JWT may see it.
   *
   * @throws ProxyError SANDBOX_NOT_FOUND where there is no such thing for them
   */
  build(what: 'sandboxes' | 'snapshots', id: string, bearer: string): Promise<Build>;
}

export interface Build {
  readonly snapshotRef: string;
  readonly runner: Runner;
}

const runner = z.object({
  proxyUrl: z.string().min(1),
  apiKey: z.string().regex(/^[\x21-\x7e]+$/),
});
const holders = z.array(z.object({ runnerId: z.string().min(1) })).min(1);
/** What came from a snapshot that there was has no build of its own. */
const built = z.object({ buildInfo: z.object({ snapshotRef: z.string().min(1) }).nullish() });
const anything = z.unknown();
const homeMs = 2_000;
/** What a stranger may have put into the path of a call: nothing that leads to another one. */
const pathPart = /^[\w-]{1,256}$/;
const text = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/i);

/** No runner has a sandbox that is archived. Whoever asks has been let in: it exists. */
const aboutRunners: Meanings = {
  400: 'SANDBOX_NOT_RUNNING',
  401: 'DAYTONA_REJECTED_KEY',
  403: 'DAYTONA_REJECTED_KEY',
  404: 'SANDBOX_NOT_RUNNING',
};

/**
 * Speaks to the Daytona API with the platform's key for its proxy. That one knows where a sandbox
 * lives and whether it is public; its state and its labels only an organization's key may read.
 */
export function connectPlatform({ proxyKey, apiKey, ...account }: PlatformAccount): Platform {
  const rest = restApi({ ...account, apiKey: proxyKey });
  const { calls, previews, runners } = rest;
  const organization = apiKey === undefined ? undefined : connectDaytona({ ...account, apiKey });

  const runnerOf = async (ask: (signal: AbortSignal) => Promise<{ data: unknown }>) => {
    const found = await calls
      .call('runner', runner, async (signal) => (await ask(signal)).data, {
        meanings: aboutRunners,
      })
      .catch((error) => {
        if (asProxyError(error).code !== 'SANDBOX_NOT_RUNNING') throw error;
        throw new ProxyError('SANDBOX_NOT_RUNNING', { state: 'archived', retryAfter: 2 });
      });
    return { url: found.proxyUrl, token: found.apiKey };
  };
  const ofSandbox = (id: string) =>
    runnerOf((signal) => runners.getRunnerBySandboxId(id, { signal }));
  /** Where a sandbox lives; undefined for one that sleeps, or that nobody has heard of. */
  const homeOf = (id: string) => ofSandbox(id).catch(absent('SANDBOX_NOT_RUNNING'));
  const known = async (idOrName: string) =>
    organization?.facts(idOrName).catch(absent('SANDBOX_NOT_FOUND'));
  /** Runners are found by ids alone; what a name stands for only an organization's key may read. */
  const idOf = async (idOrName: string) =>
    isSandboxId(idOrName) ? idOrName : ((await known(idOrName))?.id ?? idOrName);
  /** Found while it was asked what a sandbox is like, and about to be asked for. */
  const homes = new BoundedCache<Runner>(1_000);
  const isPublic = (id: string) =>
    isSo(
      calls.call('preview-public', anything, async (signal) => {
        return (await previews.isSandboxPublic(id, { signal })).data;
      }),
    );

  return {
    link: async (idOrName) => {
      const id = await idOf(idOrName);
      const home = homes.get(id) ?? (await ofSandbox(id));
      homes.delete(id); // Whoever asks again has reason to: it may have moved.
      return { sandboxId: id, ...home };
    },
    facts: async (idOrName) => {
      const facts = await known(idOrName);
      if (facts) return facts;
      // Another organization's, or nobody's: the platform is for all of them.
      const [isOpen, home] = await Promise.all([isPublic(idOrName), homeOf(idOrName)]);
      const unproven = !isOpen && !home;
      if (unproven && organization) throw new ProxyError('SANDBOX_NOT_FOUND');
      if (home) homes.set(idOrName, home, homeMs);
      const seen = { id: idOrName, state: 'unknown', public: isOpen, labels: {} };
      return unproven ? { ...seen, unproven } : seen;
    },
    mayAccess: rest.mayAccess,
    start: organization?.start ?? rest.start,
    noteActivity: rest.noteActivity,
    provider: rest.provider,
    opens: async (id, token) => {
      if (!pathPart.test(token)) return false;
      const ask = async (signal: AbortSignal) =>
        (await previews.isValidAuthToken(id, token, { signal })).data;
      return isSo(calls.call('preview-validate', anything, ask));
    },
    signedFor: (token, port) => signedFor(rest, token, port),
    build: async (what, id, bearer) => {
      if (!pathPart.test(id)) throw new ProxyError('SANDBOX_NOT_FOUND');
      const snapshotRef = await refOf(rest, what, id, bearer);
      if (what === 'sandboxes') return { snapshotRef, runner: await ofSandbox(id) };
      const [holder] = await calls.call('runners', holders, async (signal) => {
        return (await runners.getRunnersBySnapshotRef(snapshotRef, { signal })).data;
      });
      const at = holder?.runnerId ?? '';
      return {
        snapshotRef,
        runner: await runnerOf((signal) => runners.getRunnerFullById(at, { signal })),
      };
    },
  };
}

/** Makes of one error that there is nothing. */
function absent(code: ErrorCode) {
  return (error: unknown): undefined => {
    if (asProxyError(error).code !== code) throw error;
  };
}

async function signedFor(
  { calls, previews }: RestApi,
  token: string,
  port: number,
): Promise<string | undefined> {
  try {
    return await calls.call('preview-signed', text, async (signal) => {
      return (await previews.getSandboxIdFromSignedPreviewUrlToken(token, port, { signal })).data;
    });
  } catch (error) {
    if (asProxyError(error).code === 'SANDBOX_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Asked as the visitor: whoever may see a thing may read how it was built. */
function refOf(
  { buildCalls, visitorSandboxes, snapshots }: RestApi,
  what: 'sandboxes' | 'snapshots',
  id: string,
  bearer: string,
): Promise<string> {
  const headers = { Authorization: `Bearer ${bearer}` };
  const ask = async (signal: AbortSignal) => {
    const options = { headers, signal };
    const answer =
      what === 'snapshots'
        ? await snapshots.getSnapshot(id, undefined, options)
        : await visitorSandboxes.getSandbox(id, undefined, undefined, options);
    return answer.data;
  };
  return buildCalls.call('build', built, ask, { meanings: aboutVisitors }).then(({ buildInfo }) => {
    if (!buildInfo) throw new ProxyError('SANDBOX_NOT_FOUND');
    return buildInfo.snapshotRef;
  });
}
