import { broken, type ClientRequest, carried, disputed, post, smuggled } from './requestCase.ts';

const chunked = (body: string) => post(['Transfer-Encoding: chunked'], body);
/** One chunk with this as its size line's text, and a sound end. */
const size = (text: string) => chunked(`${text}\r\nhello\r\n0\r\n\r\n${smuggled}`);
const trailers = (...lines: string[]) =>
  chunked(`5\r\nhello\r\n0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`);
const hello = { method: 'POST', body: 'hello' };

/** Chunks that two parsers end at different places. */
export const chunks: readonly ClientRequest[] = [
  broken('a chunk size with 0x', size('0x5')),
  broken('a chunk size with a plus', size('+5')),
  broken('a negative chunk size', size('-5')),
  broken('a chunk size behind a space', size(' 5')),
  disputed(broken('a chunk size with a space inside', size('0 5'))),
  broken('a chunk size with an underscore', size('0_5')),
  broken('an empty chunk size', size('')),
  broken('a chunk size of letters', size('hello')),
  broken('a chunk size of 2^64 and 5', size('10000000000000005')),
  broken('a chunk size of 17 F', size('F'.repeat(17))),
  broken('a chunk size in quotes', size('"5"')),
  broken('a chunk size behind a vertical tab', size('\x0b5')),
  broken('a chunk size before a NUL', size('5\x00')),
  broken('a chunk size before a bare CR', size('5\rX')),
  disputed(broken('a chunk size that ends in LF', chunked(`5\nhello\r\n0\r\n\r\n${smuggled}`))),
  disputed(broken('a chunk that ends in LF', chunked(`5\r\nhello\n0\r\n\r\n${smuggled}`))),
  broken('a chunk without an end', chunked(`5\r\nhello0\r\n\r\n${smuggled}`)),
  broken('a chunk longer than its size', chunked(`5\r\nhello!\r\n0\r\n\r\n${smuggled}`)),
  broken('a chunk that ends in two other bytes', chunked(`5\r\nhelloXX0\r\n\r\n${smuggled}`)),
  broken('a chunk shorter than its size', chunked(`7\r\nhello\r\n0\r\n\r\n${smuggled}`)),
  disputed(broken('a last chunk that ends in LF', chunked(`5\r\nhello\r\n0\n\n${smuggled}`))),
  disputed(broken('a last chunk with another end', chunked(`5\r\nhello\r\n0\r\nX\r\n${smuggled}`))),

  disputed(broken('an extension of 20 KB', size(`5;${'x'.repeat(20_480)}`), 413)),
  broken('an extension with an LF', size(`5;x\nXX`)),
  broken('an extension with a bare CR', size('5;x\rXX')),
  disputed(broken('an extension with a NUL', size('5;x\x00'))),
  broken('an extension with a CRLF in quotes', size('5;x="\r\n"')),
  disputed(broken('an extension without a semicolon', size('5 x=y'))),
  carried('an extension', chunked('5;x=y;z="a b"\r\nhello\r\n0;last\r\n\r\n'), hello),
  carried(
    'an extension to each of many chunks',
    chunked(`${'1;x=y\r\na\r\n'.repeat(999)}0\r\n\r\n`),
    {
      method: 'POST',
      body: 'a'.repeat(999),
    },
  ),
  carried('a chunk size in capitals', chunked('A\r\nhellohello\r\n0\r\n\r\n'), {
    method: 'POST',
    body: 'hellohello',
  }),
  carried('a last chunk of many zeros', chunked('005\r\nhello\r\n0000\r\n\r\n'), hello),
  carried('no chunk but the last', chunked('0\r\n\r\n'), { method: 'POST' }),

  disputed(broken('a trailer of a length', trailers('Content-Length: 50'))),
  disputed(broken('a trailer of a coding', trailers('Transfer-Encoding: gzip'))),
  carried('trailers that route', trailers('Host: $O', 'X-Forwarded-Host: $O'), hello),
  carried('trailers that admit', trailers('X-Daytona-Preview-Token: evil', 'Cookie: a=b'), hello),
  carried('trailers that switch', trailers('Connection: Upgrade', 'Upgrade: websocket'), hello),
  disputed(broken('a trailer without a colon', trailers('GET /smuggled HTTP/1.1', 'Host: $O'))),
  disputed(broken('a trailer with a space before its colon', trailers('X : y'))),
  disputed(broken('a folded trailer', trailers('X: y', ' z'))),
  disputed(broken('a trailer with a NUL', trailers('X: y\x00'))),
  disputed(broken('trailers of 20 KB', trailers(`X: ${'y'.repeat(20_480)}`), 431)),
];
