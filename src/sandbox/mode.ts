import type { SandboxAddress, Upstream } from '../exchange.ts';
import type { Resolution } from './cache.ts';
import type { Daytona } from './daytona.ts';
import type { Freshness } from './freshness.ts';
import type { Platform } from './platform/connectPlatform.ts';

/** How a port is reached, and what must be said there. */
export type Way = Pick<Upstream, 'target' | 'headers' | 'pathPrefix'>;

/** What a way leads to: a port of a sandbox, or the sandbox's own toolbox. */
export interface Destination {
  readonly port: number;
  readonly toolbox: boolean;
}

/** How links behave. */
export interface LinkRules {
  /** What a link is asked for and kept by: a port, or one that stands for all ports. */
  readonly linkedBy: (address: SandboxAddress) => SandboxAddress;
  /** False where a sandbox is reached without the link's token, so that no refusal is about it. */
  readonly showsToken: (found: Resolution, port: number) => boolean;
  /** True where a sandbox that cannot be reached may live on another machine by now. */
  readonly moves: boolean;
}

/** What MODE decides: who is asked about sandboxes, and how they are reached. */
export interface SandboxMode {
  readonly daytona: Daytona;
  /** The same where we stand inside a self-hosted Daytona. */
  readonly platform?: Platform;
  readonly freshness: Freshness;
  readonly links: LinkRules;
  /** Whether sandboxes may live on private addresses; undefined: where the Daytona API does. */
  readonly allowPrivate: boolean | undefined;
  /** False where no key of ours may start a sandbox. */
  readonly mayStart: boolean;
  /** @throws ProxyError where the link leads to where nobody should be sent */
  readonly wayTo: (found: Resolution, to: Destination) => Way;
}
