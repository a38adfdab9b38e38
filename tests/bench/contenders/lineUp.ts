import type { Upstream } from '../rig/upstreams.ts';
import type { Contender, Running } from './contender.ts';
import { daytonaProxy } from './daytonaProxy.ts';
import { caddy, haproxy, nginx } from './debianServers.ts';
import { configurablePeer, expressPeer, fastifyPeer } from './nodePeers.ts';

/** No proxy at all: what the load, the upstream and their core can do. */
export const direct: Contender = {
  id: 'direct',
  name: 'no proxy',
  setup: 'the load straight to the upstream',
  version: () => '',
  start: async (port) => ({ port, pid: undefined, firstAnswerMs: 0, stop: async () => {} }),
};

const proxies = [daytonaProxy, expressPeer, fastifyPeer, configurablePeer, caddy, haproxy, nginx];

/** @throws Error for an id that nobody has */
export function chooseProxies(ids: ReadonlySet<string> | undefined): Contender[] {
  const unknown = [...(ids ?? [])].find((id) => !proxies.some((known) => known.id === id));
  if (unknown !== undefined) {
    throw new Error(
      `--contenders: "${unknown}" is none of ${proxies.map(({ id }) => id).join(', ')}`,
    );
  }
  return proxies.filter(({ id }) => !ids || ids.has(id) || id === daytonaProxy.id);
}

/** A contender that runs. */
export interface Entrant extends Running {
  readonly id: string;
}

/** Contenders that run side by side in front of one upstream; only one has load at a time. */
export class LineUp {
  readonly entrants: readonly Entrant[];

  private constructor(entrants: readonly Entrant[]) {
    this.entrants = entrants;
  }

  static async start(
    contenders: readonly Contender[],
    upstream: Upstream,
    cores: string | undefined,
  ): Promise<LineUp> {
    const entrants: Entrant[] = [];
    for (const contender of contenders) {
      entrants.push(await enter(contender, upstream, cores));
    }
    return new LineUp(entrants);
  }

  async stop(): Promise<void> {
    for (const entrant of this.entrants) await entrant.stop();
  }
}

/** Starts one contender; a failure names it. */
export async function enter(
  contender: Contender,
  { port }: Upstream,
  cores: string | undefined,
): Promise<Entrant> {
  const { id } = contender;
  try {
    return { id, ...(await contender.start(port, cores)) };
  } catch (error) {
    throw new Error(`${id} does not work: ${(error as Error).message}`, { cause: error });
  }
}
