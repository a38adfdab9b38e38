import { enter } from '../contenders/lineUp.ts';
import { EchoSocket } from '../load/webSockets.ts';
import { Figure } from '../report/figure.ts';
import type { Upstream } from '../rig/upstreams.ts';
import { proportionalKb } from '../rig/usage.ts';
import { type Bench, inRounds, settle } from './bench.ts';

const socketCount = 5000;

/** Memory of each of 5000 open WebSockets on which nothing moves, in a fresh process. */
export async function measureIdle(bench: Bench, upstream: Upstream): Promise<Figure[]> {
  const label = `memory of each of ${socketCount} idle WebSockets, KB`;
  const figure = new Figure({ id: 'idle', label, digits: 1, better: 'less' });
  // The processes are fresh each time: there is nothing to warm up.
  await inRounds(
    bench,
    'idle',
    bench.proxies,
    async (contender) => {
      const { id, pid = 0, port, stop } = await enter(contender, upstream, bench.cores?.contender);
      let sockets: EchoSocket[] = [];
      try {
        await settle(500);
        const before = proportionalKb(pid);
        sockets = await EchoSocket.openMany(port, socketCount);
        await settle(2000);
        const each = (proportionalKb(pid) - before) / socketCount;
        const closed = sockets.filter(({ open }) => !open).length;
        if (closed > 0) throw new Error(`${closed} of ${socketCount} WebSockets did not stay open`);
        figure.add(id, each);
        return each.toFixed(1);
      } finally {
        for (const socket of sockets) socket.close();
        await stop();
      }
    },
    1,
  );
  return [figure];
}
