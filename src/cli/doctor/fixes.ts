import { isIPv6 } from 'node:net';
import { environment } from '../../config/environment.ts';
import type { Examination } from './examination.ts';
import { type FrontKind, names } from './fronts.ts';
import { lines, type Topic, where } from './lines.ts';

/** The very lines that mend something, for what stands in front; for all where that is not known. */
export async function fixFor(exam: Examination, topic: Topic): Promise<string[]> {
  const front = await exam.front();
  const kinds = front ? [front] : (['nginx', 'caddy', 'cloudflare', 'traefik'] as const);
  return kinds.flatMap((kind) => forKind(exam, kind, lines[topic]));
}

function forKind(exam: Examination, kind: FrontKind, all: (typeof lines)[Topic]): string[] {
  const text = all[kind];
  if (text === undefined) return []; // It does nothing of that kind.
  const filled = text
    .replaceAll('{domain}', exam.domain)
    .replaceAll('{port}', String(exam.config.PORT));
  const rows = filled.split('\n').map((row) => `  ${row}`);
  return [`${names[kind]}, ${where[kind]}:`, ...rows];
}

/** The line of `.env` that has a proxy in front believed, beside those that are. */
export function trustLine(peer: string): string {
  const given = environment().TRUSTED_PROXIES?.trim();
  const network = `${peer}/${isIPv6(peer) ? 128 : 32}`;
  return `TRUSTED_PROXIES=${given ? `${given},` : ''}${network}`;
}
