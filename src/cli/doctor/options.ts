import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { wholeNumber } from '../options.ts';
import type { Pin } from './network.ts';

const longestSlow = 300;

/** The public address: a scheme, a host, perhaps a port, and nothing else. */
export function publicUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const bare = url && /^https?:$/.test(url.protocol) && url.pathname === '/';
  if (!bare || url.search || url.hash || url.username || url.password) {
    throw new InvalidArgumentError('It must be an address such as https://proxy.example.com.');
  }
  return url;
}

/** `host:port:address` as curl has it; `*` is every host, an IPv6 address may stand in brackets. */
export function pin(text: string, before: readonly Pin[] = []): readonly Pin[] {
  const [, host = '', port, said = ''] = /^([\w.*-]+):(\d{1,5}):(.+)$/.exec(text) ?? [];
  const address = said.replace(/^\[(.*)\]$/, '$1');
  if (isIP(address) === 0 || (host.includes('*') && host !== '*')) {
    throw new InvalidArgumentError(
      'It must be host:port:address, or *:port:address for all hosts.',
    );
  }
  return [...before, { host: host.toLowerCase(), port: Number(port), address }];
}

/** A DNS server: an address, perhaps with a port. */
export function dnsServer(text: string): string {
  const [, plain, bracketed] =
    /^(?:([\d.]+)(?::\d{1,5})?|\[([\da-f:.]+)\](?::\d{1,5})?)$/i.exec(text) ?? [];
  if (isIP(text) === 0 && isIP(plain ?? bracketed ?? '') === 0) {
    throw new InvalidArgumentError(
      'It must be an address such as 1.1.1.1, 1.1.1.1:53 or [::1]:53.',
    );
  }
  return text;
}

/** Certificates of authorities, out of a file. */
export function authorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`It cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** @returns seconds */
export function silence(text: string): number {
  const seconds = wholeNumber(text);
  if (seconds < 1 || seconds > longestSlow) {
    throw new InvalidArgumentError(`It must be from 1 to ${longestSlow}.`);
  }
  return seconds;
}
