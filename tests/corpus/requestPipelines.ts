import {
  type ClientRequest,
  disputed,
  get,
  head,
  type Outcome,
  post,
  refusal,
  seen,
  smuggled,
} from './requestCase.ts';

const line = (text: string, ...fields: string[]) => head(text, ['Host: $H', ...fields]);
const first = line('GET /first HTTP/1.1');
const last = line('GET /last HTTP/1.1');
const good = seen({ target: '/first' });
const pipeline = (name: string, bytes: string, ...outcomes: Outcome[]): ClientRequest => {
  return { name, bytes, outcomes };
};

/** What follows a good or a bad request on its connection. */
export const pipelines: readonly ClientRequest[] = [
  pipeline('two good requests', first + last, good, seen({ target: '/last' })),
  pipeline(
    'a good request behind a body',
    `${line('POST /first HTTP/1.1', 'Content-Length: 5')}hello${last}`,
    seen({ method: 'POST', target: '/first', body: 'hello' }),
    seen({ target: '/last' }),
  ),
  pipeline(
    'a good request behind a line break too many',
    `${line('POST /first HTTP/1.1', 'Content-Length: 5')}hello\r\n${last}`,
    seen({ method: 'POST', target: '/first', body: 'hello' }),
    seen({ target: '/last' }),
  ),
  pipeline(
    'a good request behind an alias of its length',
    line('POST /first HTTP/1.1', `Content_Length: ${last.length}`) + last,
    seen({ method: 'POST', target: '/first' }),
    seen({ target: '/last' }),
  ),
  pipeline(
    'a good request behind an alias of its coding',
    line('POST /first HTTP/1.1', 'Transfer_Encoding: chunked', 'Content-Length: 0') + last,
    seen({ method: 'POST', target: '/first' }),
    seen({ target: '/last' }),
  ),
  pipeline('two hosts behind a good request', first + get(['Host: $O']) + last, good, refusal),
  pipeline('a second host before a good request', get(['Host: $O']) + last, refusal),
  pipeline('no host before a good request', head('GET / HTTP/1.1', []) + last, refusal),
  disputed(
    pipeline(
      'an absolute target before a good request',
      line('GET http://$O/ HTTP/1.1') + last,
      refusal,
    ),
  ),
  pipeline(
    'a coding on HTTP/1.0 before a good request',
    `${line('POST / HTTP/1.0', 'Transfer-Encoding: chunked')}0\r\n\r\n${last}`,
    refusal,
  ),
  pipeline(
    'another coding before a good request',
    post(['Transfer-Encoding: gzip, chunked'], `0\r\n\r\n${last}`),
    refusal,
  ),
  pipeline('two bad requests', get(['Host: $O']) + get(['Host: $O']), refusal),
  pipeline(
    'CONNECT behind a good request',
    first + line('CONNECT $O:80 HTTP/1.1') + last,
    good,
    refusal,
  ),
  pipeline('garbage behind a good request', `${first}\x00\x01\x02${last}`, good, refusal),
  pipeline('a line of words behind a good request', `${first}hello world\r\n\r\n`, good, refusal),
  pipeline(
    'length and chunks behind a good request',
    first + post(['Content-Length: 5', 'Transfer-Encoding: chunked'], `0\r\n\r\n${smuggled}`),
    good,
    refusal,
  ),
  pipeline(
    'bad chunks behind a good request',
    first + post(['Transfer-Encoding: chunked'], `0x5\r\nhello\r\n0\r\n\r\n${last}`),
    good,
    { ...refusal, begun: true },
  ),
  pipeline(
    'HTTP/2 behind a good request',
    `${first}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`,
    good,
    refusal,
  ),
  pipeline(
    'a request behind one that closes',
    line('GET /first HTTP/1.1', 'Connection: close') + last,
    good,
  ),
  pipeline('a request behind HTTP/1.0', line('GET /first HTTP/1.0') + last, good),
];
