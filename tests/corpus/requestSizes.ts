import {
  type ClientRequest,
  carried,
  disputed,
  get,
  head,
  post,
  refused,
  smuggled,
} from './requestCase.ts';

const many = (count: number, line: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => line(n));
const short = many(900, () => 'a: b');
const cookies = many(12, (n) => `Cookie: c${n}=${'x'.repeat(1_000)}`);

/** Heads that are too long, or long enough that a parser with a bound forgets the rest. */
export const sizes: readonly ClientRequest[] = [
  refused('a field of 17 KB', get([`X: ${'y'.repeat(17_408)}`]), 431),
  refused('many fields of 17 KB', get(many(17, (n) => `X-${n}: ${'y'.repeat(1_020)}`)), 431),
  refused('a name of 17 KB', get([`${'x'.repeat(17_408)}: y`]), 431),
  refused('a target of 20 KB', head(`GET /${'x'.repeat(20_480)} HTTP/1.1`, ['Host: $H']), 431),
  refused('a host of 20 KB', head('GET / HTTP/1.1', [`Host: ${'x'.repeat(20_480)}`]), 431),
  refused('10,000 fields', get(many(10_000, () => 'a: b')), 431),
  refused('1,100 fields', get(many(1_100, () => 'a: b')), 431),
  refused(
    'a second host behind 1,100 fields',
    get([...many(1_100, () => 'a: b'), 'Host: $O']),
    431,
  ),
  refused(
    'a second coding behind 1,100 fields',
    post(
      ['Content-Length: 5', ...many(1_100, () => 'a: b'), 'Transfer-Encoding: chunked'],
      `0\r\n\r\n${smuggled}`,
    ),
    431,
  ),
  refused('a second host behind 900 fields', get([...short, 'Host: $O'])),
  refused(
    'a second coding behind 900 fields',
    post(['Content-Length: 5', ...short, 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
  ),
  carried('900 fields', get(short), { fields: short }),
  carried('the token behind 900 fields', get([...short, 'X_Daytona_Preview_Token: evil']), {
    fields: short,
  }),
  disputed(carried('a Connection behind 900 fields', get([...short, 'Connection: a']))),
  // Node counts what it keeps, and of blanks it keeps none.
  disputed(
    carried('a value behind blanks of 20 KB', get([`X:${' '.repeat(20_480)}y`]), {
      fields: ['X: y'],
    }),
  ),
  carried('cookies of 12 KB', get(cookies), { fields: cookies }),
];
