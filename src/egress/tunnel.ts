import type { Socket } from 'node:net';
import type { KeepGentleEnd } from '../exchange.ts';

/** What a host that reads slowly may need for its last bytes once the sandbox has gone. */
const lingerMs = 10_000;
const lookMs = 250;

/**
 * Joins the two sides of a tunnel, of which the host's closes behind the sandbox's already. Each
 * direction ends by itself; when the host's side is closed, the sandbox's is as soon as it has got
 * what was under way.
 *
 * Nothing can be said inside TLS at a stop, and nobody sees from outside whether an answer is
 * complete. So a tunnel is ended where the host spoke last and both have been quiet for half of the
 * time that is left; one on which the sandbox spoke last has until everything is ended.
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
  const forget = keepEnd((withinMs) => {
    looks = setInterval(() => {
      if (waits || performance.now() - last < withinMs / 2) return;
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
    // Without a reader the last bytes would stay, and the socket with them. Not by the socket's own
    // limit: whoever reads nothing and says a word now and then would renew that for ever.
    const late = setTimeout(() => second.destroy(), lingerMs);
    second.once('close', () => clearTimeout(late));
    second.resume();
  };
  if (first.destroyed) close();
  else first.once('close', close);
}
