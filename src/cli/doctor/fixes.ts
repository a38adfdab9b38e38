import { isIPv6 } from 'node:net';
import { environment } from '../../config/environment.ts';
import type { Examination } from './examination.ts';
import { type FrontKind, names } from './fronts.ts';
import { beyond, lines, placeOf, type Topic } from './lines.ts';

/** The very lines that mend something, for what stands in front; for all where that is not known. */
export async function fixFor(exam: Examination, topic: Topic): Promise<string[]> {
  const front = await exam.front();
  const kinds = front ? [front] : (['nginx', 'caddy', 'cloudflare', 'traefik'] as const);
  return kinds.flatMap((kind) => forKind(exam, kind, topic));
}

function forKind(exam: Examination, kind: FrontKind, topic: Topic): string[] {
  const text = lines[topic][kind];
  if (text === undefined) return []; // It does nothing of that kind.
  const rows = [text, beyond(kind, topic)].flatMap((part) => part?.split('\n') ?? []);
  const filled = rows.map((row) =>
    row
      .replaceAll('{domain}', exam.domain)
      .replaceAll('{domainPattern}', exam.domain.replaceAll('.', '\\.'))
      .replaceAll('{publicPort}', String(exam.port))
      .replaceAll('{port}', String(exam.config.PORT)),
  );
  return [`${names[kind]}, ${placeOf(kind, topic)}:`, ...filled.map((row) => `  ${row}`)];
}

/** The line of `.env` that has a proxy in front believed, beside those that are. */
export function trustLine(peer: string): string {
  const given = environment().TRUSTED_PROXIES?.trim();
  const network = `${peer}/${isIPv6(peer) ? 128 : 32}`;
  return `TRUSTED_PROXIES=${given ? `${given},` : ''}${network}`;
}
