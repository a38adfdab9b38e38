import type { Socket } from 'node:net';
import type { Log } from '../log/logger.ts';
import { sparingly, sparinglyEach } from '../log/sparingly.ts';
import type { Refusal } from './refusal.ts';
import type { EgressTarget } from './target.ts';
import type { Usage } from './usage.ts';

/**
 * Counts and tells who does not get through. A known sandbox's refusals are told one by one, since
 * its limits bound them where they are on; what those limits refuse, and what strangers do, has no bound of its own.
 */
export class RefusalLog {
  readonly #usage: Usage;
  readonly #log: Log;
  readonly #tellStranger: (client?: string) => void;
  readonly #tellMalformed: (client?: string) => void;
  readonly #tellCrowd: (client?: string) => void;
  readonly #tellLimited: (sandbox: string, code: string) => void;

  /** @param strangersOfAddress so many are kept; it is only told */
  constructor(usage: Usage, log: Log, strangersOfAddress: number) {
    this.#usage = usage;
    this.#log = log;
    this.#tellStranger = sparingly((count, client) => {
      log('warn', 'egress.stranger', { count, client });
    });
    this.#tellMalformed = sparingly((count, client) => {
      log('warn', 'egress.malformed', { count, client });
    });
    this.#tellCrowd = sparingly((count, client) => {
      log('warn', 'egress.crowd', { count, client, limit: strangersOfAddress });
    });
    this.#tellLimited = sparinglyEach((sandbox, count, code) => {
      log('info', 'egress.limited', { sandbox, count, code });
    });
  }

  /** @param sandbox only where the credential was good */
  refused({ code }: Refusal, client: Socket, sandbox?: string, target?: EgressTarget): void {
    this.#usage.refused(code, sandbox);
    if (sandbox === undefined) this.#tellStranger(client.remoteAddress);
    else if (code.startsWith('TOO_MANY_')) this.#tellLimited(sandbox, code);
    else {
      const { host, port } = target ?? {};
      this.#log('info', 'egress.refused', { sandbox, code, host, port });
    }
  }

  /** One whose request cannot be read, so that nobody knows whose it is. */
  malformed(client: Socket): void {
    this.#usage.refused('INVALID_REQUEST', undefined);
    this.#tellMalformed(client.remoteAddress);
  }

  /** An address that holds more connections without a credential than are kept. */
  crowded(address: string): void {
    this.#tellCrowd(address);
  }
}
