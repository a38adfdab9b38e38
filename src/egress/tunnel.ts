import type { Socket } from 'node:net';
import type { KeepGentleEnd } from '../exchange.ts';

/** What a host that reads slowly may need for its last bytes once the sandbox has gone. */
const lingerMs = 10_000;
/** A tunnel that has been quiet for so long behind the host's last word is between two requests. */
const quietMs = 1_000;
const lookMs = 250;

/**
 * Joins the two sides of a tunnel, of which the host's closes behind the sandbox's already. Each
 * direction ends by itself; when the host's side is closed, the sandbox's is as soon as it has got
 * what was under way.
 *
 * Nothing can be said inside TLS at a stop. So a tunnel is ended where its last bytes were the
 * host's: then an answer is complete, as far as can be seen from outside. One on which the sandbox
 * spoke last waits for its answer, and has until everything is ended.
 */
export function joinTunnel(client: Socket, upstream: Socket, keepEnd: KeepGentleEnd): void {
  let waits = true;
  let last = performance.now();
  client.on('data', () => {
    waits = true;
  });
  upstream.on('data', () => {
    waits = false;
    last = performance.now();
  });
  client.pipe(upstream);
  upstream.pipe(client);
  closeBehind(upstream, client);

  let looks: NodeJS.Timeout | undefined;
  const forget = keepEnd(() => {
    looks = setInterval(() => {
      if (waits || performance.now() - last < quietMs) return;
      client.destroySoon();
      upstream.destroySoon();
    }, lookMs);
  });
  client.once('close', () => {
    clearInterval(looks);
    forget();
  });
}

/** Closes a socket behind another one, once it has got what was under way. */
export function closeBehind(first: Socket, second: Socket): void {
  const close = () => {
    if (second.destroyed) return;
    second.destroySoon();
    // Without a reader the last bytes would stay, and the socket with them.
    second.setTimeout(lingerMs, () => second.destroy());
    second.resume();
  };
  if (first.destroyed) close();
  else first.once('close', close);
}
