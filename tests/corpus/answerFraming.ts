import { FIN, GONE, RST, SEEN, type Step } from '../support/scriptedUpstream.ts';
import {
  cut,
  head,
  ok,
  passed,
  passedOrRefused,
  refused,
  type SandboxAnswer,
  sandboxAnswer,
  silent,
  type Verdict,
  whatever,
} from './answerCase.ts';

const chunked = head('Transfer-Encoding: chunked');
const second = ok('X: second');
const length = (value: string) => head(`Content-Length: ${value}`);
const codings = (...values: string[]) =>
  `${head(...values.map((value) => `Transfer-Encoding: ${value}`))}4\r\nevil\r\n0\r\n\r\n`;
const poisoned = { poisons: true };
const to = (status: string, rest: string) => `HTTP/1.1 ${status} X\r\n${rest}`;
const none = (status: number): Verdict => passed([], status, '');

/** Lengths and codings that lie, contradict each other, or go on. */
export const framing: readonly SandboxAnswer[] = [
  sandboxAnswer('two lengths', `${head('Content-Length: 4', 'Content-Length: 5')}evil!`, refused),
  sandboxAnswer('equal lengths', ok('Content-Length: 4'), passedOrRefused()),
  sandboxAnswer('a list of equal lengths', `${length('4, 4')}evil`, passedOrRefused()),
  sandboxAnswer('a negative length', `${length('-4')}evil`, refused),
  sandboxAnswer('a signed length', `${length('+4')}evil`, refused),
  sandboxAnswer('a hexadecimal length', `${length('0x4')}evil`, refused),
  sandboxAnswer('a length with a fraction', `${length('4.0')}evil`, refused),
  sandboxAnswer('an empty length', `${length('')}evil`, refused),
  sandboxAnswer('two lengths in one', `${length('4 4')}evil`, refused),
  sandboxAnswer('a length of 2^64', `${length('18446744073709551620')}evil`, refused),
  sandboxAnswer('a length of 2^53', [`${length('9007199254740993')}evil`, FIN], cut()),
  sandboxAnswer('a length with zeros', `${length('0004')}evil`, passedOrRefused()),

  sandboxAnswer(
    'a length and chunks',
    `${head('Content-Length: 4', 'Transfer-Encoding: chunked')}4\r\nevil\r\n0\r\n\r\n`,
    refused,
  ),
  sandboxAnswer(
    'chunks and a length',
    `${head('Transfer-Encoding: chunked', 'Content-Length: 4')}4\r\nevil\r\n0\r\n\r\n`,
    refused,
  ),
  sandboxAnswer('gzip, chunked', codings('gzip, chunked'), refused),
  sandboxAnswer('gzip and chunked', codings('gzip', 'chunked'), refused),
  sandboxAnswer('chunked, gzip', [codings('chunked, gzip'), FIN], refused),
  sandboxAnswer('chunked twice', codings('chunked', 'chunked'), refused),
  sandboxAnswer('chunked, chunked', codings('chunked, chunked'), refused),
  sandboxAnswer('an unknown coding', [codings('evil'), FIN], refused),
  sandboxAnswer('nearly chunked', [codings('xchunked'), FIN], refused),
  sandboxAnswer('chunked behind a control byte', codings('\x0bchunked'), refused),
  sandboxAnswer('chunked in capitals', codings('CHUNKED'), passedOrRefused()),
  sandboxAnswer('an empty coding', [codings(''), FIN], refused),
  sandboxAnswer(
    'the identity coding',
    [`${head('Transfer-Encoding: identity')}evil`, FIN],
    passedOrRefused(),
  ),
  sandboxAnswer(
    'chunks in HTTP/1.0',
    [codings('chunked').replace('1.1', '1.0'), FIN],
    passedOrRefused(),
  ),
  sandboxAnswer('no length, until the end', [`${head()}evil`, FIN], passed()),
  sandboxAnswer('no length, until a reset', [`${head()}evil`, SEEN, RST], cut()),

  sandboxAnswer('a chunk size of letters', `${chunked}4\r\nevil\r\nzz\r\n`, cut()),
  sandboxAnswer('a negative chunk size', `${chunked}-4\r\nevil\r\n0\r\n\r\n`, cut()),
  sandboxAnswer('a chunk size with 0x', `${chunked}0x4\r\nevil\r\n0\r\n\r\n`, cut()),
  sandboxAnswer('a chunk size of 2^68', `${chunked}400000000000000004\r\nevil\r\n0\r\n\r\n`, cut()),
  sandboxAnswer('an empty chunk size', `${chunked}\r\nevil\r\n0\r\n\r\n`, cut()),
  sandboxAnswer('a chunk longer than its size', `${chunked}4\r\nevil!\r\n0\r\n\r\n`, cut()),
  sandboxAnswer('chunks that end in LF', `${chunked}4\nevil\n0\n\n`, whatever()),
  sandboxAnswer(
    'a chunk extension of 64 KB',
    `${chunked}4;a=${'b'.repeat(65_536)}\r\nevil\r\n0\r\n\r\n`,
    whatever(),
  ),
  sandboxAnswer('no end behind the last chunk', [`${chunked}4\r\nevil\r\n0\r\n`, FIN], cut()),
  sandboxAnswer(
    'half an end behind the last chunk',
    [`${chunked}4\r\nevil\r\n0\r\n\r`, FIN],
    cut(),
  ),
  sandboxAnswer(
    'trailers without end',
    [`${chunked}4\r\nevil\r\n0\r\n`, { endless: 'X: a\r\n'.repeat(99) }],
    cut(),
  ),
  sandboxAnswer(
    'trailers that belong into a head',
    `${chunked}4\r\nevil\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=evil\r\nX-Proxy-Error: EVIL\r\nLocation: /evil\r\n\r\n`,
    passed([], 200, 'evil', ['X-Sum: 1']),
    { upgrade: passed() },
  ),
  sandboxAnswer(
    'a trailer that names a length',
    `${chunked}4\r\nevil\r\n0\r\nContent-Length: 9\r\n\r\n`,
    whatever(),
  ),

  sandboxAnswer(
    'a trailer that ends the connection',
    `${chunked}4\r\nevil\r\n0\r\nConnection: close\r\n\r\n`,
    passed(),
  ),
  sandboxAnswer(
    'trailers that ask for an upgrade',
    `${chunked}4\r\nevil\r\n0\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    passed(),
  ),
  sandboxAnswer(
    'a trailer that names a coding',
    `${chunked}4\r\nevil\r\n0\r\nTransfer-Encoding: gzip\r\n\r\n`,
    whatever(),
  ),

  ...['at once', 'once it is seen'].flatMap((when): SandboxAnswer[] => {
    const then = (end: Step): Step[] => (when === 'at once' ? [end] : [SEEN, end]);
    return [
      sandboxAnswer(
        `less than the length, ended ${when}`,
        [`${length('40')}evil`, ...then(FIN)],
        cut(),
      ),
      sandboxAnswer(
        `less than the length, reset ${when}`,
        [`${length('40')}evil`, ...then(RST)],
        cut(),
      ),
      sandboxAnswer(`half a chunk, ended ${when}`, [`${chunked}40\r\nevil`, ...then(FIN)], cut()),
      sandboxAnswer(`half a chunk, reset ${when}`, [`${chunked}40\r\nevil`, ...then(RST)], cut()),
      sandboxAnswer(`a head, reset ${when}`, [length('40'), ...then(RST)], cut()),
    ];
  }),

  sandboxAnswer('more than the length', `${ok()}evil\r\n\r\n`, passed(), poisoned),
  sandboxAnswer('more than the last chunk', `${codings('chunked')}evil\r\n`, passed(), poisoned),
  sandboxAnswer('two answers', `${ok()}${second}`, passed(), poisoned),
  sandboxAnswer('two answers, one seen', [ok(), SEEN, second, GONE], passed(), poisoned),
  sandboxAnswer(
    'half of a second answer',
    [ok(), SEEN, second.slice(0, 20), GONE],
    passed(),
    poisoned,
  ),
  sandboxAnswer(
    'a 103 behind the answer',
    [ok(), SEEN, 'HTTP/1.1 103 X\r\n\r\n', GONE],
    passed(),
    poisoned,
  ),
  sandboxAnswer(
    'a 408 behind the answer',
    [ok(), SEEN, to('408', '\r\n'), FIN],
    passed(),
    poisoned,
  ),
  sandboxAnswer('an answer before the request and one behind it', [SEEN, second, GONE], passed(), {
    greeting: [ok()],
    poisons: true,
  }),
  sandboxAnswer('an answer before the request and no other', [], passed(), { greeting: [ok()] }),
  sandboxAnswer('half an answer before the request', ['evil'], passed(), {
    greeting: [length('4')],
  }),

  sandboxAnswer(
    'a body behind 204',
    to('204', 'Content-Length: 4\r\n\r\nevil'),
    none(204),
    poisoned,
  ),
  sandboxAnswer('chunks behind 204', codings('chunked').replace('200', '204'), none(204), poisoned),
  sandboxAnswer('a body behind 205', to('205', 'Content-Length: 4\r\n\r\nevil'), none(205)),
  sandboxAnswer(
    'a body behind 304',
    to('304', 'Content-Length: 4\r\n\r\nevil'),
    none(304),
    poisoned,
  ),
  sandboxAnswer('a body behind the answer to HEAD', ok(), passed(['Content-Length: 4'], 200, ''), {
    method: 'HEAD',
    upgrade: passed(),
    poisons: true,
  }),
  sandboxAnswer('chunks behind the answer to HEAD', codings('chunked'), passed([], 200, ''), {
    method: 'HEAD',
    upgrade: passed(),
    poisons: true,
  }),

  sandboxAnswer(
    'a refusal like Daytona’s, shorter than its length',
    [to('400', 'Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{}'), FIN],
    refused,
  ),
  sandboxAnswer(
    'a refusal like Daytona’s, shorter than its length and silent',
    to('400', 'Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{}'),
    silent,
  ),
  sandboxAnswer(
    'a refusal like Daytona’s, longer than its length',
    to('401', 'Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}evil'),
    passed(['Content-Type: application/json'], 401, '{}'),
    poisoned,
  ),
];
