import { FIN, RST, SEEN } from '../support/scriptedUpstream.ts';
import {
  joined,
  ok,
  passed,
  refused,
  type SandboxAnswer,
  sandboxAnswer,
  silent,
} from './answerCase.ts';

const accept = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';
const websocket = ['Upgrade: websocket', 'Connection: Upgrade'];
const switching = (...fields: string[]) =>
  `HTTP/1.1 101 Switching Protocols\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`;
const full = switching(...websocket, `Sec-WebSocket-Accept: ${accept}`);
const acceptance = [`Sec-WebSocket-Accept: ${accept}`];

/** Switches of protocol that nobody asked for, and odd ones that somebody did. */
export const switches: readonly SandboxAnswer[] = [
  sandboxAnswer('101', `${full}evil`, refused, { upgrade: joined('evil', acceptance) }),
  sandboxAnswer('101 without Upgrade', `${switching('Connection: Upgrade')}evil`, refused),
  sandboxAnswer('101 without Connection', `${switching('Upgrade: websocket')}evil`, refused),
  sandboxAnswer('101 without fields', `${switching()}evil`, refused),
  sandboxAnswer('101 without fields, then an answer', `${switching()}${ok()}`, refused),
  sandboxAnswer(
    '101 without Upgrade and nothing behind',
    switching('Connection: Upgrade'),
    refused,
  ),
  sandboxAnswer(
    '101 without Connection and nothing behind',
    switching('Upgrade: websocket'),
    refused,
  ),
  sandboxAnswer('101 to h2c', `${switching('Upgrade: h2c', 'Connection: Upgrade')}evil`, refused),
  sandboxAnswer('101 to nothing', `${switching('Upgrade:', 'Connection: Upgrade')}evil`, refused),
  sandboxAnswer(
    '101 with a control byte in its reason',
    full.replace('Protocols', '\x01'),
    refused,
    {
      upgrade: joined('', acceptance),
    },
  ),
  sandboxAnswer('101 without Sec-WebSocket-Accept', `${switching(...websocket)}evil`, refused, {
    upgrade: joined(),
  }),
  sandboxAnswer(
    '101 with a wrong Sec-WebSocket-Accept',
    `${switching(...websocket, 'Sec-WebSocket-Accept: evil')}evil`,
    refused,
    { upgrade: joined('evil', ['Sec-WebSocket-Accept: evil']) },
  ),
  sandboxAnswer(
    '101 with Content-Length',
    `${switching(...websocket, 'Content-Length: 2')}evil`,
    refused,
    { upgrade: joined() },
  ),
  sandboxAnswer(
    '101 with chunks',
    `${switching(...websocket, 'Transfer-Encoding: chunked')}4\r\nevil\r\n0\r\n\r\n`,
    refused,
    { upgrade: joined('4\r\nevil\r\n0\r\n\r\n') },
  ),
  sandboxAnswer(
    '101 with fields of ours and cookies for siblings',
    `${switching(...websocket, 'X-Proxy-Error: EVIL', 'X-Request-Id: evil', 'Set-Cookie: a=1; Domain=proxy.test', 'Set-Cookie: daytona-proxy=1')}evil`,
    refused,
    { upgrade: joined('evil', ['Set-Cookie: a=1']) },
  ),
  sandboxAnswer('101 with a NUL in a value', switching(...websocket, 'X: a\0b'), refused),
  sandboxAnswer('101 with frames of rubbish', `${full}\xff\xff\xff\xff\0\0\x7f\x01`, refused, {
    upgrade: joined('\xff\xff\xff\xff\0\0\x7f\x01', acceptance),
  }),
  sandboxAnswer('101 and an answer', `${full}${ok()}`, refused, {
    upgrade: joined(ok(), acceptance),
  }),
  sandboxAnswer('101 and the end', [`${full}evil`, FIN], refused, {
    upgrade: joined('evil', acceptance),
  }),
  sandboxAnswer('101 and a reset once it is seen', [`${full}evil`, SEEN, RST], refused, {
    upgrade: joined('evil', acceptance),
  }),
  sandboxAnswer('half a 101', [full.slice(0, 60), FIN], refused),
  sandboxAnswer('half a 101 and silence', full.slice(0, 60), silent),
  sandboxAnswer('103 before a 101', `HTTP/1.1 103 X\r\n\r\n${full}evil`, refused, {
    upgrade: joined('evil', acceptance),
  }),
  sandboxAnswer(
    '426',
    `${ok('Connection: Upgrade', 'Upgrade: evil').replace('200', '426')}`,
    passed([], 426),
  ),
];
