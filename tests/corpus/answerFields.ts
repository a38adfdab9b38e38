import { SEEN } from '../support/scriptedUpstream.ts';
import {
  head,
  ok,
  passed,
  passedOrRefused,
  refused,
  type SandboxAnswer,
  sandboxAnswer,
} from './answerCase.ts';

const numbered = Array.from({ length: 2000 }, (_, i) => `X-${i}: a`);
const many = (count: number) => 'a:\r\n'.repeat(count);

/** Fields that no parser should take, and fields that speak for somebody else. */
export const fields: readonly SandboxAnswer[] = [
  sandboxAnswer('an empty name', ok(': evil'), refused),
  sandboxAnswer('a space in a name', ok('X Y: evil'), refused),
  sandboxAnswer('a control byte in a name', ok('X\x01: evil'), refused),
  sandboxAnswer('latin1 in a name', ok('X\xe9: evil'), refused),
  sandboxAnswer('a line without a colon', ok('evil'), refused),
  sandboxAnswer('a space before the colon', head('Content-Length : 4'), refused),
  sandboxAnswer(
    'names that objects have',
    ok('__proto__: 1', 'constructor: 2', 'toString: 3'),
    passed(['__proto__: 1', 'constructor: 2', 'toString: 3']),
  ),
  sandboxAnswer('a NUL in a value', ok('X: a\0b'), refused),
  sandboxAnswer('a control byte in a value', ok('X: a\x01b'), refused),
  sandboxAnswer('a DEL in a value', ok('X: a\x7fb'), passedOrRefused()),
  sandboxAnswer('a CR in a value', ok('X: a\rb'), refused),
  sandboxAnswer('a CR and a field in a value', ok('X: a\rX-Proxy-Error: EVIL'), refused),
  sandboxAnswer('an LF in a value', ok('X: a\nb'), refused),
  sandboxAnswer('latin1 in a value', ok('X: \xe9\xff'), passed(['X: \xe9\xff'])),
  sandboxAnswer(
    'latin1 in a value of an answer that streams',
    [head('X: \xe9\xff', 'Transfer-Encoding: chunked'), SEEN, '4\r\nevil\r\n0\r\n\r\n'],
    passed(['X: \xe9\xff']),
  ),
  sandboxAnswer('a folded value', ok('X: a\r\n b'), passedOrRefused(['X: a b'])),
  sandboxAnswer('a folded first line', 'HTTP/1.1 200 OK\r\n X: a\r\n\r\n', refused),
  sandboxAnswer(
    'a head that ends in LF',
    'HTTP/1.1 200 OK\nContent-Length: 4\n\nevil',
    passedOrRefused(),
  ),
  sandboxAnswer('a head of 20 KB', ok(`X: ${'a'.repeat(20_000)}`), refused),
  sandboxAnswer('a head of 40 KB', ok(`X: ${'a'.repeat(40_000)}`), refused),
  sandboxAnswer(
    'a head without end',
    { endless: 'HTTP/1.1 200 OK\r\nX: a\r\n'.repeat(99) },
    refused,
  ),
  sandboxAnswer(
    'a value without end',
    ['HTTP/1.1 200 OK\r\nX: ', { endless: 'a'.repeat(999) }],
    refused,
  ),
  sandboxAnswer('2000 headers', ok(...numbered), passedOrRefused(numbered)),
  sandboxAnswer(
    '2500 headers of two bytes, then the length',
    `HTTP/1.1 200 OK\r\n${many(2500)}Content-Length: 4\r\n\r\nevil`,
    passedOrRefused(Array.from({ length: 2500 }, () => 'a: ')),
  ),

  sandboxAnswer(
    'cookies for every sibling',
    ok(
      'Set-Cookie: a=1; Domain=proxy.test',
      'Set-Cookie: b=2; Domain=x.test; domain=proxy.test; Path=/',
      'Set-Cookie: c=3; Domain =proxy.test',
      'Set-Cookie: d=4;\tDOMAIN\t=\t.proxy.test;Secure',
      'Set_Cookie: e=5; Domain=proxy.test',
    ),
    passed([
      'Set-Cookie: a=1',
      'Set-Cookie: b=2; Path=/',
      'Set-Cookie: c=3',
      'Set-Cookie: d=4;Secure',
      'Set_Cookie: e=5',
    ]),
  ),
  sandboxAnswer(
    'cookies of ours and of Daytona’s',
    ok(
      'Set-Cookie: __Host-daytona-proxy=1',
      'Set-Cookie: DAYTONA-PROXY-state=1',
      'Set-Cookie: =__Host-daytona-proxy=1',
      'Set-Cookie:  ==daytona-sandbox-auth-x=1',
      'Set-Cookie: pkce_verifier=1',
      'Set-Cookie: mine=1',
    ),
    passed(['Set-Cookie: mine=1']),
  ),
  sandboxAnswer(
    'fields of ours and of Daytona’s',
    ok('X-Proxy-Error: EVIL', 'X-Request-Id: evil', 'X_Request_Id: evil', 'x-daytona-evil: 1'),
    passed(),
  ),
  sandboxAnswer('X-Request-Id named in Connection', ok('Connection: x-request-id, date'), passed()),
  sandboxAnswer(
    'Content-Length named in Connection',
    ok('Connection: content-length, set-cookie', 'Set-Cookie: a=1', 'X: 1'),
    passed(['X: 1']),
  ),
  sandboxAnswer(
    'Connection: close, x',
    ok('Connection: close, x', 'X: 1', 'Y: 2'),
    passed(['Y: 2']),
  ),
  sandboxAnswer(
    'Connection in odd forms',
    ok('Connection: ,,"close", \xff,', 'X: 1'),
    passed(['X: 1']),
  ),
  sandboxAnswer('Connection: upgrade', ok('Connection: upgrade', 'Upgrade: h2c'), passed()),
  sandboxAnswer('Keep-Alive of nothing', ok('Keep-Alive: timeout=0, max=0'), passed()),
  sandboxAnswer('Keep-Alive for ever', ok('Keep-Alive: timeout=9999999999999'), passed()),
  sandboxAnswer('Keep-Alive below nothing', ok('Keep-Alive: timeout=-1, max=-1'), passed()),
  sandboxAnswer(
    'hop-by-hop fields',
    ok('Proxy-Authenticate: Basic', 'Proxy-Connection: close', 'TE: trailers', 'Upgrade: h2c'),
    passed(),
  ),
  sandboxAnswer('Trailer', ok('Trailer: Content-Length, X'), passed()),
  sandboxAnswer(
    'redirects into the sandbox, and out under our name',
    ok(
      'Location: http://localhost:{port}//evil.test/',
      'Location: http://LOCALHOST:{port}\\@evil.test',
      'Location: http://localhost:{port}@evil.test/',
      'Location: //evil.test',
      'Location: http://[',
      'Location:',
    ),
    passed([
      'Location: http://{host}//evil.test/',
      'Location: http://{host}/\\@evil.test',
      'Location: http://localhost:{port}@evil.test/',
      'Location: //evil.test',
      'Location: http://[',
      'Location: ',
    ]),
  ),
  sandboxAnswer(
    'an age without end for HTTPS',
    ok('Strict-Transport-Security: max-age=99999999999; includeSubDomains; preload'),
    passed(['Strict-Transport-Security: max-age=99999999999; includeSubDomains; preload']),
  ),
  sandboxAnswer('another server in our place', ok('Alt-Svc: h3="evil.test:443"; ma=9'), passed()),
  sandboxAnswer('the siblings’ cookies cleared', ok('Clear-Site-Data: "cookies"'), passed()),
];
