import { randomBytes } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import type { Config } from '../config/config.ts';
import { cookieSecrets } from '../config/cookieSecrets.ts';
import type { SandboxAddress } from '../exchange.ts';
import { countHits } from '../limits/hits.ts';
import type { Log } from '../log/logger.ts';
import { Seals } from '../seals.ts';
import type { SharedStore } from '../store/sharedStore.ts';
import type { Observer } from '../telemetry/observer.ts';
import type { AddressRules } from './addresses.ts';
import { isSandboxId } from './allowedSandboxes.ts';
import type { CorsRules } from './cors.ts';
import type { KnownSandbox } from './doors.ts';
import { Failures } from './failures.ts';
import { type AccessQuestions, Gatekeeper } from './gatekeeper.ts';
import { LiveExchanges } from './liveExchanges.ts';
import { createLogins } from './login/createLogins.ts';
import { loginPages } from './login/pages.ts';
import { Revocations } from './revocations.ts';
import { Sessions } from './session.ts';
import { SharedRevocations } from './sharedRevocations.ts';
import { sharePages } from './sharePages.ts';
import { Shares } from './shares.ts';
import type { SignedHostsParts } from './signedHosts.ts';
import type { AccessParts } from './stage.ts';
import { askedTokens, comparedTokens } from './tokens.ts';
import { Verdicts } from './verdicts.ts';

/** What access asks of Daytona for a visitor. */
export interface DaytonaQuestions {
  mayAccess(sandboxId: string, bearer: string): Promise<boolean>;
  /** Whether a preview token opens a sandbox, where Daytona does not tell us the token itself. */
  opens?(sandboxId: string, token: string): Promise<boolean>;
  /** The provider that Daytona's own users log in at; undefined where it names none. */
  provider(): Promise<
    { issuer: string; clientId: string; audience: string | undefined } | undefined
  >;
}

/** A sandbox's own preview token, and whose it is. */
export interface PreviewToken {
  readonly token: string;
  readonly sandboxId: string;
}

/** What access has to know of sandboxes. */
export interface SandboxSource {
  factsOf(address: SandboxAddress, client?: string): KnownSandbox | Promise<KnownSandbox>;
  tokenOf(address: SandboxAddress, client?: string): Promise<PreviewToken>;
  /** The same where what is known is not what a visitor shows. */
  tokenAfresh(address: SandboxAddress, known: PreviewToken, client?: string): Promise<PreviewToken>;
  /** The sandbox that a signed token in a host opens a port of, where hosts carry such. */
  readonly signedFor?:
    | ((token: string, port: number, client: string) => Promise<string | undefined>)
    | undefined;
  /** Begins to look up what the next stage will ask for. */
  resolve(address: SandboxAddress, client?: string): Promise<unknown>;
}

export interface Access {
  readonly chain: {
    addresses: AddressRules;
    signedHosts: SignedHostsParts;
    cors: CorsRules;
    access: AccessParts;
  };
  /** Our own pages about access, for hosts that are no sandbox's. */
  readonly pages: Router;
  counters(): Readonly<Record<string, number>>;
  sweep(): void;
}

/**
 * Builds everything behind the question who may.
 *
 * @param store what other instances share with this one
 * @throws Error where STATE_FILE cannot be used
 */
export async function createAccess(
  config: Config,
  sandboxes: SandboxSource,
  daytona: DaytonaQuestions,
  log: Log,
  observer: Observer,
  port: () => number,
  store: SharedStore | undefined,
): Promise<Access> {
  const given = cookieSecrets(config);
  const secrets = given.length > 0 ? given : [randomSecret()];
  const seals = new Seals(secrets);
  const live = new LiveExchanges();
  const revocations = await Revocations.load(
    config.STATE_FILE,
    (id) => live.end(id),
    (count) => log('warn', 'state.torn', { count }),
  );
  const shared = store && new SharedRevocations(store, revocations, log);
  await shared?.join();
  // Where nobody remembers what was ended, what can be ended may not outlive this process. Others
  // that share a store with us do: only if it cannot be reached now, and there is no file, what they
  // have ended works here until it is back.
  const remembers = config.STATE_FILE !== undefined || store !== undefined;
  const endable = remembers ? seals : new Seals([randomSecret()]);
  const shares = new Shares(endable, revocations);
  const partitioned = config.EMBEDDING === 'partitioned';
  const sessions = new Sessions(seals, endable, { ttlMs: config.SESSION_TTL_MS, partitioned });
  const { RATE_LIMIT_WINDOW_MS: windowMs, AUTH_FAILURES_MAX: mostFailures } = config;
  const failed = countHits('failure', windowMs, store);
  const failures = new Failures(failed, windowMs, mostFailures);
  const open = config.ACCESS_MODE === 'open';

  const sandboxOf = (address: SandboxAddress, client: string) => {
    const sandbox = sandboxes.factsOf(address, client);
    // Where most get in, the link is asked for side by side with the facts and not after them.
    if (open && sandbox instanceof Promise) sandboxes.resolve(address, client).catch(() => {});
    return sandbox;
  };
  const verdicts: { sweep(): void }[] = [];
  const verdictsOn = <T>(kind: string, schema: z.ZodType<T>) => {
    const shared = store && { store, kind, schema };
    const made = new Verdicts<T>(shared, config.KEY_CACHE_TTL_MS);
    verdicts.push(made);
    return made;
  };
  const bearers = verdictsOn('bearer', z.literal(true));
  const questions: AccessQuestions = {
    idOf: async (address, client) => (await sandboxes.factsOf(address, client)).id,
    opens: daytona.opens
      ? askedTokens(sandboxes, daytona.opens, verdictsOn('token', z.literal(true)))
      : comparedTokens(sandboxes),
    mayAccess: daytona.mayAccess,
    shareOf: (key, { id, port: at }) => shares.open(key, id, at),
    isRevoked: ({ share, login }) =>
      (share !== undefined && shares.isRevoked(share.id)) ||
      (login !== undefined && revocations.has(login)),
  };
  const gatekeeper = new Gatekeeper(sessions, questions, bearers);
  const logins = createLogins(config, {
    seals: endable,
    revocations,
    store,
    sandboxes,
    daytona,
    log,
    observer,
  });
  const pages = Router();
  if (logins) pages.use(loginPages(logins, config.PROXY_DOMAIN));
  return {
    chain: {
      addresses: {
        allow: config.IP_ALLOW.rules.length > 0 ? config.IP_ALLOW : undefined,
        deny: config.IP_DENY,
      },
      signedHosts: {
        signedFor: sandboxes.signedFor,
        namesToo: config.DAYTONA_API_KEY !== undefined,
        verdicts: verdictsOn('signed', z.string()),
        gatekeeper,
      },
      cors: { mode: config.CORS_MODE, origins: config.CORS_ORIGINS },
      access: {
        policy: { mode: config.ACCESS_MODE, labels: config.LABEL_POLICY },
        allowed: config.ALLOW_SANDBOXES,
        crossSite: {
          embedders: partitioned ? config.EMBEDDING_ORIGINS : new Set(),
          readers: config.CORS_MODE === 'app' ? new Set() : config.CORS_ORIGINS,
        },
        gatekeeper,
        sessions,
        failures,
        logins,
        live,
        sandboxOf,
        log,
        observer,
      },
    },
    pages: pages.use(
      sharePages({
        shares,
        failures,
        adminToken: config.ADMIN_TOKEN,
        domains: config.PROXY_DOMAIN,
        port,
        idOf: async (idOrName) =>
          isSandboxId(idOrName)
            ? idOrName
            : (await sandboxes.factsOf({ id: idOrName, port: 0 })).id,
        mayAccess: daytona.mayAccess,
      }),
    ),
    counters: () => ({
      admittedAttempts: gatekeeper.admitted,
      failedAttempts: failures.total,
    }),
    sweep: () => {
      gatekeeper.sweep();
      for (const each of verdicts) each.sweep();
      logins?.sweep();
      revocations.sweep();
      void shared?.reconcile();
      live.sweep();
    },
  };
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}
