import type { Sandbox } from '../../src/demo/sandboxes.ts';
import { type Answer, type Ask, ask } from './client.ts';
import { type Rig, startRig } from './rig.ts';

export const browser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
};
export const page = { ...browser, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

/** A rig whose sandbox sleeps unless its state says otherwise, and who comes to it. */
export interface Sleeper extends Rig {
  /** A program's write. */
  request(more?: Partial<Ask>): Promise<Answer>;
  /** A person's page. */
  visit(more?: Partial<Ask>): Promise<Answer>;
  /** How often Daytona was asked to start a sandbox. */
  starts(): number;
  /** The sandboxes whose use Daytona was told of, one for each time. */
  reported(): string[];
}

export async function startSleeper(
  env: Record<string, string> = {},
  sandbox: Partial<Sandbox> = {},
): Promise<Sleeper> {
  const rig = await startRig({
    app: (req, res) => res.end(`${req.method} ${req.url}`),
    env: { WAKE_HOLD_MS: '10000', ...env },
    sandbox: { state: 'stopped', ...sandbox },
  });
  const send = (what: Partial<Ask>) => ask(rig.proxy.port, { host: rig.host(), ...what });
  const { daytona } = rig;
  return {
    ...rig,
    request: (more) => send({ method: 'POST', body: 'x', ...more }),
    visit: (more) => send({ headers: page, ...more }),
    starts: () => daytona.callsOf('POST', /\/start$/).length,
    reported: () =>
      daytona.callsOf('POST', /\/last-activity$/).map(({ path }) => path.split('/')[2] ?? ''),
  };
}
