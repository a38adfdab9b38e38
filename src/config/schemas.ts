import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

const domain =
  /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
export const list = (text: string) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

export const integer = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);

/** As it is written: an issuer's name may end with a slash, and is another one without it. */
export const exactUrl = z.string().transform((text, ctx) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const valid =
    url &&
    /^https?:$/.test(url.protocol) &&
    !url.username &&
    !url.password &&
    !url.search &&
    !url.hash;
  if (valid) return text;
  ctx.addIssue('must be an http or https URL without user name, query or fragment');
  return z.NEVER;
});

export const httpUrl = exactUrl.transform((text) => text.replace(/\/+$/, ''));

export const domains = z.string().transform((text, ctx) => {
  // Daytona's own proxy is told its port here too.
  const names = list(text.toLowerCase()).map((name) => name.replace(/^\*?\.|:\d{1,5}$/g, ''));
  const wrong = names.find((name) => !domain.test(name));
  if (wrong === undefined && (names.length > 0 || text === '')) return names;
  ctx.addIssue(`"${wrong ?? text}" is not a domain name (no scheme, no path)`);
  return z.NEVER;
});

export const networks = z.string().transform((text, ctx) => {
  const set = new BlockList();
  for (const entry of list(text)) {
    const [address = '', prefix, more] = entry.split('/');
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (more !== undefined || address.includes('%') || family === 0 || bits < 0 || bits > most) {
      ctx.addIssue(`"${entry}" is not an IP address or network`);
      return z.NEVER;
    }
    set.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return set;
});

const secret = /^[\x21-\x2b\x2d-\x7e]{32,}$/;

/** One secret, or two while the first replaces the second. */
export const secrets = z.string().transform((text, ctx) => {
  const parts = list(text);
  if (parts.length <= 2 && parts.every((part) => secret.test(part))) return parts;
  ctx.addIssue(
    'must be one secret of 32 or more printable characters, or two with a comma between',
  );
  return z.NEVER;
});

/** One environment variable: how it is read, what stands in for it, how it is explained. */
export interface Variable<T> {
  readonly schema: z.ZodType<T, string>;
  /** Used when the variable is unset or empty; `undefined` makes it required. */
  readonly fallback: string | undefined;
  /** A valid value, shown when the given one is not. */
  readonly example: string;
  readonly meaning: string;
  readonly secret?: boolean;
  /** Stands in for `fallback` with MODE=platform. */
  readonly inPlatform?: string;
}

export const variable = <T>(
  schema: z.ZodType<T, string>,
  fallback: string | undefined,
  example: string,
  meaning: string,
  secret = false,
): Variable<T> => ({ schema, fallback, example, meaning, secret });

export const off = z.literal('').transform(() => undefined);
/** In all the ways that Go programs take, Daytona's own proxy for one. */
export const truth = z
  .string()
  .regex(/^(?:true|false|t|f|1|0)$/i, 'must be true or false')
  .transform((text) => /^[t1]/i.test(text));
export const flag = off.or(truth);
export const time = (fallback: string, meaning: string, least = 1) =>
  variable(integer(least, 86_400_000), fallback, fallback, meaning);
