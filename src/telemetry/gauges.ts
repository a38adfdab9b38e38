import { Gauge, type Registry } from 'prom-client';

/** What is so at the moment; `assembly.ts` wires it to the parts that know. */
export interface Present {
  readonly version: string;
  readonly mode: string;
  open(): {
    readonly openConnections: number;
    readonly openRequests: number;
    readonly openWebSockets: number;
    readonly openEventStreams: number;
  };
  cacheSize(): number;
  /** Requests that wait for one and the same lookup as others, or for one of their own. */
  waiters(): number;
  draining(): boolean;
  /** 1 or 0; undefined where nothing is shared. */
  storeUp(): number | undefined;
  /** In seconds since the epoch; undefined without TLS of our own. */
  certificateEnd(): number | undefined;
}

/** Adds what is looked up at the moment of a scrape. */
export function addGauges(registers: Registry[], present: Present): void {
  const gauge = (name: string, help: string, look: () => number | undefined) =>
    new Gauge({
      name: `daytona_proxy_${name}`,
      help,
      registers,
      collect() {
        const value = look();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  new Gauge({
    name: 'daytona_proxy_info',
    help: 'Always 1.',
    labelNames: ['version', 'mode'] as const,
    registers,
  }).set({ version: present.version, mode: present.mode }, 1);
  new Gauge({
    name: 'daytona_proxy_open',
    help: 'What is open: connections of clients, requests without their event streams, WebSockets and event streams.',
    labelNames: ['kind'] as const,
    registers,
    collect() {
      const open = present.open();
      this.set({ kind: 'connection' }, open.openConnections);
      this.set({ kind: 'request' }, open.openRequests - open.openEventStreams);
      this.set({ kind: 'websocket' }, open.openWebSockets);
      this.set({ kind: 'events' }, open.openEventStreams);
    },
  });
  gauge('cache_entries', 'Sandbox ports whose address is known.', present.cacheSize);
  gauge('lookup_waiters', 'Requests that wait for a lookup.', present.waiters);
  gauge('draining', '1 from the first moment of a stop.', () => Number(present.draining()));
  gauge('store_up', '0 while Redis is lost; absent without one.', present.storeUp);
  gauge(
    'certificate_end_seconds',
    'When the served certificate ends, in seconds since the epoch; absent without one.',
    present.certificateEnd,
  );
}
