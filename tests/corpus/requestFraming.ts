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

const chunks = '5\r\nhello\r\n0\r\n\r\n';
const hello = { method: 'POST', body: 'hello' };
const coded = (...lines: string[]) => post(lines, chunks + smuggled);
const coding = (value: string) => coded(`Transfer-Encoding: ${value}`);
const long = (...values: string[]) =>
  post(
    values.map((value) => `Content-Length: ${value}`),
    `hello${smuggled}`,
  );
/** One byte stream that a reader of lengths and a reader of chunks end at different places. */
const twoEnds = `0\r\n\r\n${smuggled}`;

/** Lengths and codings that contradict each other, or that two parsers read differently. */
export const framing: readonly ClientRequest[] = [
  refused('length and chunks', post(['Content-Length: 6', 'Transfer-Encoding: chunked'], twoEnds)),
  refused(
    'chunks and a length over all',
    post([`Transfer-Encoding: chunked`, `Content-Length: ${twoEnds.length}`], twoEnds),
  ),
  refused('chunks on HTTP/1.0', coding('chunked').replace('HTTP/1.1', 'HTTP/1.0')),
  refused(
    'length and the identity coding',
    coded('Content-Length: 5', 'Transfer-Encoding: identity'),
  ),

  refused('chunked, identity', coding('chunked, identity')),
  refused('identity, chunked', coding('identity, chunked')),
  refused('identity', coding('identity')),
  refused('gzip, chunked', coding('gzip, chunked')),
  refused('gzip', coding('gzip')),
  refused('chunked, chunked', coding('chunked, chunked')),
  refused(
    'chunked and identity',
    coded('Transfer-Encoding: chunked', 'Transfer-Encoding: identity'),
  ),
  refused(
    'identity and chunked',
    coded('Transfer-Encoding: identity', 'transfer-encoding: chunked'),
  ),
  refused('chunked twice', coded('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')),
  refused('xchunked', coding('xchunked')),
  refused('chunkedx', coding('chunkedx')),
  refused('chunked in quotes', coding('"chunked"')),
  refused('chunked in single quotes', coding("'chunked'")),
  refused('chunked with a parameter', coding('chunked;q=1')),
  refused('chunked and a comma', coding('chunked,')),
  refused('a comma and chunked', coding(', chunked')),
  refused('chunked behind a vertical tab', coding('\x0bchunked')),
  refused('chunked before a form feed', coding('chunked\x0c')),
  refused('chunked before a NUL', coding('chunked\x00')),
  refused('chunked behind a no-break space', coding('\xa0chunked')),
  refused('an empty coding', coded('Transfer-Encoding:')),
  refused('chunked in a folded line', coded('Transfer-Encoding:\r\n chunked')),
  refused('a coding folded behind chunked', coded('Transfer-Encoding: chunked\r\n\t, identity')),
  refused('a space before the colon', coded('Transfer-Encoding : chunked')),
  refused('a tab before the colon', coded('Transfer-Encoding\t: chunked')),
  refused('a space before the name', coded('X: y', ' Transfer-Encoding: chunked')),
  disputed(refused('a coding behind a bare LF', coded('X: y\nTransfer-Encoding: chunked'))),
  refused('a coding behind a bare CR', coded('X: y\rTransfer-Encoding: chunked')),
  disputed(refused('a coding behind CR CR LF', coded('X: y\r\r\nTransfer-Encoding: chunked'))),
  refused('a NUL in the name', coded('Transfer-\x00Encoding: chunked')),
  disputed(carried('chunked behind a tab', post(['Transfer-Encoding:\tchunked'], chunks), hello)),
  carried('chunked between spaces', post(['Transfer-Encoding:   chunked  '], chunks), hello),
  carried('chunked in capitals', post(['TRANSFER-ENCODING: CHUNKED'], chunks), hello),
  carried('chunks on a GET', get(['Transfer-Encoding: chunked'], chunks), { body: 'hello' }),

  refused('a length with a sign', long('+5')),
  refused('a negative length', long('-1')),
  refused('a hexadecimal length', long('0x5')),
  refused('an octal length with a letter', long('0o5')),
  refused('a length with an exponent', long('1e1')),
  refused('a length with a fraction', long('5.0')),
  refused('two lengths with a space', long('5 5')),
  refused('two lengths with a comma', long('5,5')),
  refused('two unequal lengths in a list', long('5, 41')),
  refused('two equal lengths', long('5', '5')),
  refused('two unequal lengths', long('5', '41')),
  refused('a length and 0', long('0', '5')),
  refused('an empty length', long('')),
  refused('a length of 2^64 and 5', long('18446744073709551621')),
  refused('a length of 100 digits', long('5'.repeat(100))),
  refused('a length with a semicolon', long('5;')),
  refused('a length in quotes', long('"5"')),
  refused('a length behind a vertical tab', long('\x0b5')),
  refused('a superscript length', long('\xb2')),
  refused('a length of no number', long('five')),
  refused('a folded length', long('5\r\n 6')),
  disputed(
    refused('a length behind a bare LF', post(['X: y\nContent-Length: 5'], `hello${smuggled}`)),
  ),
  refused('a space before the colon of a length', post(['Content-Length : 5'], 'hello')),
  refused('a length with a NUL', long('5\x00')),
  carried('a length with zeros', post(['Content-Length: 0005'], 'hello'), hello),
  disputed(carried('a length between spaces', post(['Content-Length:  \t5 '], 'hello'), hello)),
  carried('a length on a GET', get(['Content-Length: 5'], 'hello'), { body: 'hello' }),
  carried(
    'a length on a HEAD',
    `${head('HEAD / HTTP/1.1', ['Host: $H', 'Content-Length: 5'])}hello`,
    {
      method: 'HEAD',
      body: 'hello',
    },
  ),
  carried('a POST without framing', post([]), { method: 'POST' }),

  carried(
    'an alias of the coding beside a length',
    post(['Transfer_Encoding: chunked', 'Content-Length: 5'], 'hello'),
    hello,
  ),
  carried(
    'an alias of the length beside chunks',
    post(['Content_Length: 3', 'Transfer-Encoding: chunked'], chunks),
    hello,
  ),
  carried(
    'an alias of the length beside a length',
    post(['content_length: 50', 'Content-Length: 5'], 'hello'),
    hello,
  ),
  carried('an alias of the length alone', get(['Content_Length: 5']), {}),
  carried(
    'Connection names the length',
    post(['Connection: content-length', 'Content-Length: 5'], 'hello'),
    hello,
  ),
  carried(
    'Connection names the coding',
    post(['Connection: transfer-encoding', 'Transfer-Encoding: chunked'], chunks),
    hello,
  ),
  disputed(
    refused(
      'a head whose lines end in LF',
      post(['Content-Length: 5'], 'hello').replaceAll('\r', ''),
    ),
  ),
];
