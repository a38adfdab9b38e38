import type { Entrant } from '../contenders/lineUp.ts';
import { EchoSocket } from '../load/webSockets.ts';
import { Figure } from '../report/figure.ts';
import { CpuWatch } from '../rig/usage.ts';
import { type Bench, inRounds, settle } from './bench.ts';

const socketCount = 32;

/**
 * WebSocket echoes a second: each of 32 sockets sends 64 bytes as soon as its last echo is back.
 *
 * An echo costs the client and the app as many system calls as the proxy, so that on two cores the
 * load is at its limit as soon as a good proxy is. Hence a second figure, which does not depend on
 * who waits for whom: echoes for each second of processor time that the proxy used.
 */
export async function measureEchoes(bench: Bench, entrants: readonly Entrant[]): Promise<Figure[]> {
  const label = `WebSocket echoes a second, ${socketCount} sockets`;
  const facts = { digits: 0, better: 'more' } as const;
  const rate = new Figure({ ...facts, id: 'echoes', label });
  const perCpuSecond = new Figure({
    ...facts,
    id: 'echoesPerCpuSecond',
    label: `WebSocket echoes for each second of the proxy’s processor time, ${socketCount} sockets`,
  });
  await inRounds(bench, 'echoes', entrants, async ({ id, port, pid }, round) => {
    const sockets = await EchoSocket.openMany(port, socketCount);
    try {
      let echoes = 0;
      let failure: Error | undefined;
      for (const socket of sockets) {
        socket.pingPong(
          () => {
            echoes++;
          },
          (error) => {
            failure ??= error;
          },
        );
      }
      await settle(200); // All are under way.
      const [before, startedAt, cpu] = [echoes, performance.now(), new CpuWatch(pid)];
      await settle(bench.options.seconds * 1000);
      const perSecond = ((echoes - before) * 1000) / (performance.now() - startedAt);
      const busy = cpu.share();
      if (failure) throw failure;
      if (round > 0) rate.add(id, perSecond, busy);
      if (round > 0 && busy !== undefined) perCpuSecond.add(id, perSecond / busy);
      return perSecond.toFixed(0);
    } finally {
      for (const socket of sockets) socket.close();
    }
  });
  return [rate, perCpuSecond];
}
