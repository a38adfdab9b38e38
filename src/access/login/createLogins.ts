import type { Config } from '../../config/config.ts';
import type { Log } from '../../log/logger.ts';
import type { Seals } from '../../seals.ts';
import type { SharedStore } from '../../store/sharedStore.ts';
import type { Observer } from '../../telemetry/observer.ts';
import type { DaytonaQuestions, SandboxSource } from '../access.ts';
import type { Revocations } from '../revocations.ts';
import { type Destination, Logins } from './logins.ts';
import { isListed, isOwner, type MemberRules, mayEnter } from './members.ts';
import { type Person, Provider, type ProviderFacts } from './provider.ts';

interface LoginSources {
  readonly seals: Seals;
  readonly revocations: Revocations;
  readonly store: SharedStore | undefined;
  readonly sandboxes: SandboxSource;
  readonly daytona: DaytonaQuestions;
  readonly log: Log;
  readonly observer: Pick<Observer, 'attempt'>;
}

/** Builds the logins; undefined without a domain, to which they would come back. */
export function createLogins(config: Config, sources: LoginSources): Logins | undefined {
  if (config.PROXY_DOMAIN.length === 0) return undefined;
  const own = ownProvider(config);
  // The platform's own: Daytona knows its people, and what each of them may see.
  const ofPlatform = config.MODE === 'platform';
  const { sandboxes, daytona } = sources;
  const rules: MemberRules = {
    emails: config.OIDC_ALLOWED_EMAILS,
    domains: config.OIDC_ALLOWED_DOMAINS,
    groups: config.OIDC_ALLOWED_GROUPS,
    labels: config.LABEL_POLICY,
  };
  const { emails, domains, groups } = rules;
  const lists = [emails, domains, groups].some(({ size }) => size > 0);

  const admit = async (person: Person, to: Destination): Promise<string | undefined> => {
    const sandbox = await sandboxes.factsOf({ id: to.sandbox, port: to.port });
    const owner = sandbox.labels['preview.owner'] || undefined;
    if (own && !ofPlatform) return mayEnter(rules, person, owner) ? sandbox.id : undefined;
    if (lists && !isListed(rules, person)) return undefined;
    if (owner !== undefined && rules.labels !== 'off' && !isOwner(person, owner)) return undefined;
    return (await daytona.mayAccess(sandbox.id, person.accessToken)) ? sandbox.id : undefined;
  };
  const find = async (): Promise<ProviderFacts | undefined> => {
    if (own) return own;
    const found = await daytona.provider();
    const { OIDC_SCOPES: scopes } = config;
    return found && { ...found, publicAddress: undefined, clientSecret: undefined, scopes };
  };
  return new Logins({
    provider: new Provider(find),
    seals: sources.seals,
    revocations: sources.revocations,
    store: sources.store,
    sessionTtlMs: config.SESSION_TTL_MS,
    domains: config.PROXY_DOMAIN,
    attempt: ({ requestId, visitor }, sandbox, good) => {
      const outcome = good ? 'good' : 'bad';
      const client = visitor.address;
      sources.log('info', 'access.attempt', {
        requestId,
        client,
        sandbox,
        method: 'login',
        outcome,
      });
      sources.observer.attempt('login', good);
    },
    admit,
  });
}

function ownProvider(config: Config): ProviderFacts | undefined {
  const { OIDC_ISSUER: issuer, OIDC_DOMAIN: domain, OIDC_CLIENT_ID: clientId } = config;
  const ofDomain = domain === undefined || domain.includes('://') ? domain : `https://${domain}/`;
  const address = issuer ?? ofDomain;
  if (address === undefined || clientId === undefined) return undefined;
  return {
    issuer: address,
    publicAddress: config.OIDC_PUBLIC_DOMAIN,
    clientId,
    clientSecret: config.OIDC_CLIENT_SECRET,
    audience: config.OIDC_AUDIENCE,
    scopes: config.OIDC_SCOPES,
  };
}
