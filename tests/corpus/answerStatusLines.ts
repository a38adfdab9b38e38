import { FIN, RST } from '../support/scriptedUpstream.ts';
import {
  ok,
  passed,
  passedOrRefused,
  refused,
  type SandboxAnswer,
  sandboxAnswer,
  silent,
} from './answerCase.ts';

const rest = 'Content-Length: 4\r\n\r\nevil';
const line = (text: string) => `${text}\r\n${rest}`;

/** No answer, half an answer, and first lines that are none. */
export const statusLines: readonly SandboxAnswer[] = [
  sandboxAnswer('nothing', FIN, refused),
  sandboxAnswer('a reset', RST, refused),
  sandboxAnswer('no HTTP', 'evil\r\n\r\n', refused),
  sandboxAnswer('a TLS alert', '\x15\x03\x01\x00\x02\x02\x16', refused),
  sandboxAnswer('an HTTP/2 frame', '\0\0\0\x04\0\0\0\0\0', refused),
  sandboxAnswer('half a status line', ['HTTP/1.1 2', FIN], refused),
  sandboxAnswer('half a status line and a reset', ['HTTP/1.1 2', RST], refused),
  sandboxAnswer('half a head', ['HTTP/1.1 200 OK\r\nContent-Le', FIN], refused),
  sandboxAnswer('half a head and a reset', ['HTTP/1.1 200 OK\r\nContent-Le', RST], refused),
  sandboxAnswer('one byte of a head and silence', 'H', silent),
  sandboxAnswer('all of a head but its end and silence', 'HTTP/1.1 200 OK\r\nA: b\r\n', silent),

  sandboxAnswer('HTTP/2.0', line('HTTP/2.0 200 OK'), passedOrRefused()),
  sandboxAnswer('HTTP/0.9', line('HTTP/0.9 200 OK'), passedOrRefused()),
  sandboxAnswer('HTTP/1.2', line('HTTP/1.2 200 OK'), passedOrRefused()),
  sandboxAnswer('HTTP/9.9', line('HTTP/9.9 200 OK'), refused),
  sandboxAnswer('ICY', line('ICY 200 OK'), refused),
  sandboxAnswer('http in small letters', line('http/1.1 200 OK'), refused),
  sandboxAnswer('a request line', line('GET / HTTP/1.1'), refused),
  sandboxAnswer('two spaces before the status', line('HTTP/1.1  200 OK'), refused),
  sandboxAnswer('an empty line first', line('\r\nHTTP/1.1 200 OK'), passedOrRefused()),

  sandboxAnswer('status 000', line('HTTP/1.1 000 X'), refused),
  sandboxAnswer('status 099', line('HTTP/1.1 099 X'), refused),
  sandboxAnswer('status 600', line('HTTP/1.1 600 X'), refused),
  sandboxAnswer('status 999', line('HTTP/1.1 999 X'), refused),
  sandboxAnswer('status 1000', line('HTTP/1.1 1000 X'), refused),
  sandboxAnswer('status 20', line('HTTP/1.1 20 X'), refused),
  sandboxAnswer('status -200', line('HTTP/1.1 -200 X'), refused),
  sandboxAnswer('status 2e2', line('HTTP/1.1 2e2 X'), refused),
  sandboxAnswer('no status', line('HTTP/1.1 OK'), refused),
  sandboxAnswer('an unknown status', line('HTTP/1.1 299 X'), passed([], 299)),
  sandboxAnswer('status 407', line('HTTP/1.1 407 X\r\nProxy-Authenticate: Basic'), passed([], 407)),

  sandboxAnswer('no reason', line('HTTP/1.1 200'), passed()),
  sandboxAnswer('a control byte in the reason', line('HTTP/1.1 200 e\x01vil'), passed()),
  sandboxAnswer('a NUL in the reason', line('HTTP/1.1 200 e\0vil'), passedOrRefused()),
  sandboxAnswer('a CR in the reason', line('HTTP/1.1 200 e\rvil'), refused),
  sandboxAnswer('latin1 in the reason', line('HTTP/1.1 200 evil\xe9\xff'), passed()),
  sandboxAnswer('a reason of 8 KB', line(`HTTP/1.1 200 ${'evil'.repeat(2048)}`), passed()),
  sandboxAnswer(
    'a reason of 64 KB',
    line(`HTTP/1.1 200 ${'evil'.repeat(16384)}`),
    passedOrRefused(),
  ),

  sandboxAnswer('status 199 before the answer', `HTTP/1.1 199 X\r\n\r\n${ok()}`, passed()),
  sandboxAnswer('status 199 and the end', ['HTTP/1.1 199 X\r\n\r\n', FIN], refused),
  sandboxAnswer('status 199 with a body', line('HTTP/1.1 199 X'), refused),
  sandboxAnswer('status 100 before the answer', `HTTP/1.1 100 X\r\n\r\n${ok()}`, passed()),
  sandboxAnswer('status 100 twice', `${'HTTP/1.1 100 X\r\n\r\n'.repeat(2)}${ok()}`, passed()),
  sandboxAnswer('status 100 with a body', line('HTTP/1.1 100 X'), refused),
  sandboxAnswer('status 100 and the end', ['HTTP/1.1 100 X\r\n\r\n', FIN], refused),
  sandboxAnswer('status 102 before the answer', `HTTP/1.1 102 X\r\n\r\n${ok()}`, passed()),
  sandboxAnswer(
    'status 103 with what an answer may not have either',
    `HTTP/1.1 103 evil\x01\r\nLink: </a>; rel=preload\r\nSet-Cookie: a=evil; Domain=proxy.test\r\nX-Proxy-Error: EVIL\r\n\r\n${ok()}`,
    passed(),
  ),
  sandboxAnswer(
    'status 103 with a Link that Node refuses',
    `HTTP/1.1 103 X\r\nLink: evil\r\nLink: <\xff>;;\r\n\r\n${ok()}`,
    passed(),
  ),
  sandboxAnswer('status 103 and the end', ['HTTP/1.1 103 X\r\n\r\n', FIN], refused),
  sandboxAnswer(
    'status 100 for ever',
    { endless: 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(50) },
    refused,
  ),
  sandboxAnswer(
    'status 103 for ever',
    { endless: 'HTTP/1.1 103 Early\r\nLink: </a>; rel=preload\r\n\r\n'.repeat(50) },
    refused,
  ),
];
