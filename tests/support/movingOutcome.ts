import type { IncomingMessage } from 'node:http';
import type { Fields, Outcome } from '../corpus/daytonaProxyCase.ts';
import type { Happened } from './movingRig.ts';

/** Says of what happened as much as a row says, in its words. */
export async function happenedAs(happened: Happened, row: Outcome): Promise<Outcome> {
  const { answer, seen, atRunner, times, starts, counts } = happened;
  const { headers, status, body } = answer;
  return {
    status,
    from: fromOf(happened),
    ...(row.code !== undefined && { code: String(headers['x-proxy-error']) }),
    ...(row.headers && {
      headers: pick(row.headers, (name) => withoutSecrets(name, headers[name])),
    }),
    ...(row.seen && { seen: pick(row.seen, fieldOf(seen)) }),
    ...(row.atRunner && { atRunner: pick(row.atRunner, fieldOf(atRunner)) }),
    ...(row.times !== undefined && { times }),
    ...(row.page !== undefined && { page: body.includes(row.page) ? row.page : body }),
    ...(row.starts !== undefined && { starts: await starts(row.starts) }),
    ...(row.counts !== undefined && { counts: await counts(row.counts) }),
  };
}

/** Who has answered: the app has seen it, the toolbox is behind the runner. */
function fromOf({ answer, seen, atRunner }: Happened): Outcome['from'] {
  if (answer.headers['x-proxy-error'] !== undefined) return 'proxy';
  if (seen) return 'app';
  return atRunner ? 'toolbox' : 'proxy';
}

function pick(fields: Fields, of: (name: string) => string | undefined): Fields {
  return Object.fromEntries(Object.keys(fields).map((name) => [name, of(name) ?? null]));
}

function fieldOf(req: IncomingMessage | undefined) {
  return (name: string) => {
    const value = name === 'url' || name === 'method' ? req?.[name] : req?.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

/** What a cookie holds, and what an address of the login carries, is `…` in the rows. */
function withoutSecrets(name: string, value: string | string[] | undefined): string | undefined {
  const text = Array.isArray(value) ? value.join(', ') : value;
  if (name === 'set-cookie') return text?.replace(/=[^;]*/, '=…');
  return name === 'location' ? text?.replace(/([?&](?:to|state)=)[^&]+/, '$1…') : text;
}
