import { setTimeout as pause } from 'node:timers/promises';
import { ask, open, openWebSocket } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { bareAddress, domain, type PageState } from '../support/pages/pageState.ts';
import { type Rig, startRig } from '../support/rig.ts';

const minutes = 60;

/** The page for operators, behind an hour of visitors. The clocks of this process are ahead from then on. */
export const statsPage: PageState = {
  name: 'stats',
  status: 200,
  headline: 'daytona-proxy',
  start: startBusyHour,
  address: (rig) => bareAddress(rig, '/stats'),
  arrive: async (page) => {
    await page.getByText('live', { exact: true }).waitFor();
    await page.locator('svg path').first().waitFor({ state: 'attached' });
  },
};

/** The hour takes seconds: between two minutes of visitors the clocks are moved on. */
async function startBusyHour(): Promise<Rig> {
  const rig = await startRig({
    app: async ({ url = '/' }, res) => {
      if (url === '/events') {
        res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: hello\n\n');
        return;
      }
      await pause(Math.random() ** 4 * 60);
      res.writeHead(Number(url.slice(1)) || 200).end('app');
    },
    env: { PROXY_DOMAIN: domain, RATE_LIMIT_MAX: '0' },
  });
  echoSockets(rig.app);
  const { proxy, daytona, sandbox } = rig;
  const others = Array.from({ length: 3 }, () =>
    daytona.sandboxes.create({ ports: sandbox.ports }),
  );
  const hostOf = (id: string, port = 3000) => `${port}-${id}.${domain}`;
  const hosts = [sandbox, ...others].map(({ id }) => hostOf(id));
  const moveOn = movableClocks();
  for (let minute = 0; minute < minutes; minute++) {
    moveOn(60_000);
    const count = Math.round(14 + 9 * Math.sin(minute / 9) + 6 * Math.random());
    const visits = Array.from({ length: count }, (_, i) => ({
      host: hosts[i % hosts.length] ?? '',
      path: '/',
    }));
    if (minute % 9 === 0) visits.push({ host: hosts[0] ?? '', path: '/404' });
    if (minute % 19 === 5) visits.push({ host: hosts[1] ?? '', path: '/500' });
    if (minute % 11 === 6) visits.push({ host: hostOf('nobody'), path: '/' });
    if (minute % 23 === 9) visits.push({ host: hostOf(sandbox.id, 22222), path: '/' });
    await Promise.all(visits.map((visit) => ask(proxy.port, visit)));
    if (minute % 25 === 20) await openWebSocket(proxy.port, hosts[0] ?? '');
    if (minute === 35) await open(proxy.port, { host: hosts[1] ?? '', path: '/events' });
  }
  return rig;
}

/** @returns moves on what this process reads as the time; its timers stay as they are */
function movableClocks(): (ms: number) => void {
  let ahead = 0;
  for (const clock of [performance, Date]) {
    const now = clock.now.bind(clock);
    clock.now = () => now() + ahead;
  }
  return (ms) => {
    ahead += ms;
  };
}
