import {
  type ClientRequest,
  carried,
  continued,
  disputed,
  get,
  head,
  refusal,
  refused,
  seen,
  smuggled,
} from './requestCase.ts';

const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='];
const upgrade = (protocol: string) => ['Connection: Upgrade', `Upgrade: ${protocol}`, ...key];
const socket = upgrade('websocket');
const line = (text: string, lines: readonly string[] = socket) =>
  head(text, ['Host: $H', ...lines]);

/** A POST that does not wait for what it expects. */
const expecting = (name: string, version: string, expectation: string) =>
  carried(
    name,
    `${line(`POST / ${version}`, [`Expect: ${expectation}`, 'Content-Length: 5'])}hello`,
    { method: 'POST', body: 'hello' },
  );

/** Upgrades that carry more than a handshake, and what waits for 100 Continue. */
export const upgrades: readonly ClientRequest[] = [
  refused('an upgrade with a body', get([...socket, 'Content-Length: 5'], 'hello')),
  disputed(
    refused('an upgrade with chunks', get([...socket, 'Transfer-Encoding: chunked'], '0\r\n\r\n')),
  ),
  refused(
    'an upgrade with a body that is a request',
    get([...socket, `Content-Length: ${smuggled.length}`], smuggled),
  ),
  refused('an upgrade by POST', line('POST / HTTP/1.1')),
  refused('an upgrade by HEAD', line('HEAD / HTTP/1.1')),
  refused('an upgrade by OPTIONS', line('OPTIONS / HTTP/1.1')),
  refused('an upgrade by CONNECT', line('CONNECT $O:80 HTTP/1.1')),
  disputed(refused('an upgrade on HTTP/1.0', line('GET / HTTP/1.0'))),
  refused('an upgrade of the asterisk', line('GET * HTTP/1.1')),
  disputed(refused('an upgrade in the absolute form', line('GET ws://$O/ HTTP/1.1'))),
  refused('an upgrade with two hosts', get([...socket, 'Host: $O'])),
  refused('an upgrade without a host', head('GET / HTTP/1.1', socket)),
  refused(
    'an upgrade with bytes behind a refused handshake',
    get([...socket, 'Host: $O'], smuggled),
  ),
  disputed(refused('an upgrade to h2c', get(upgrade('h2c')))),
  disputed(
    refused(
      'an upgrade to h2c with its settings',
      get([
        'Connection: Upgrade, HTTP2-Settings',
        'Upgrade: h2c',
        'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
      ]),
    ),
  ),
  disputed(refused('an upgrade to TLS', get(upgrade('TLS/1.0')))),
  disputed(refused('an upgrade to two protocols', get(upgrade('websocket, h2c')))),
  disputed(refused('an upgrade to two protocols in two fields', get([...socket, 'Upgrade: h2c']))),
  disputed(refused('an upgrade to websocket/13', get(upgrade('websocket/13')))),
  carried('an upgrade to nothing', get(upgrade('')), { fields: key }),
  carried('an upgrade', get(socket), { fields: key, handshake: true, tunnel: '' }),
  carried(
    'an upgrade in other letters',
    get(['CONNECTION: keep-alive, UPGRADE', 'UPGRADE: WebSocket', ...key]),
    { fields: key, handshake: true, tunnel: '' },
  ),
  carried('a request behind a handshake, which is a tunnel’s bytes', get(socket, smuggled), {
    fields: key,
    handshake: true,
    tunnel: smuggled,
  }),
  disputed(
    carried('an upgrade that Connection does not name', get(['Upgrade: websocket', ...key]), {
      fields: key,
    }),
  ),
  disputed(
    carried(
      'h2c that Connection does not name',
      get(['Connection: HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMA']),
    ),
  ),
  carried(
    'an upgrade whose Connection takes the token away',
    get(['Connection: Upgrade, x-daytona-preview-token', ...socket.slice(1)]),
    { fields: key, handshake: true, tunnel: '' },
  ),
  {
    name: 'a handshake that the sandbox refuses, and a request behind it',
    bytes: get(
      ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 777'],
      smuggled,
    ),
    outcomes: [seen({ fields: ['Sec-WebSocket-Version: 777'], handshake: true })],
    disputed: true,
  },
  {
    name: 'an upgrade behind a request',
    bytes: line('GET /first HTTP/1.1', []) + get(socket, 'early'),
    outcomes: [seen({ target: '/first' }), seen({ fields: key, handshake: true, tunnel: 'early' })],
  },
  {
    name: 'a refused upgrade behind a request, and a request behind both',
    bytes: line('GET /first HTTP/1.1', []) + get([...upgrade('h2c')], get()),
    outcomes: [seen({ target: '/first' }), refusal],
    disputed: true,
  },

  continued(expecting('an expectation and a body at once', 'HTTP/1.1', '100-continue')),
  continued(expecting('an expectation in other letters', 'HTTP/1.1', '100-CONTINUE')),
  // A client must bear a 100 that it did not ask for (RFC 9110, section 15.2).
  continued(expecting('an expectation behind a letter', 'HTTP/1.1', 'y 100-continue')),
  expecting('an expectation on HTTP/1.0', 'HTTP/1.0', '100-continue'),
  expecting('an unknown expectation', 'HTTP/1.1', 'evil'),
  refused(
    'an expectation in a folded line',
    get(['Expect:\r\n 100-continue', 'Content-Length: 5'], 'hello'),
  ),
  refused(
    'an expectation and two hosts',
    get(['Expect: 100-continue', 'Host: $O', 'Content-Length: 5'], 'hello'),
  ),
];
