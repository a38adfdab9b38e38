import http, { type IncomingMessage } from 'node:http';

/** The host that every contender is asked for: port 3000 of the sandbox `bench`. */
export const host = '3000-bench.proxy.test';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Asks once, on a connection of its own. */
export function ask(port: number, path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, agent: false, headers: { host } };
    const req = http.get(options, (res) => {
      let body = '';
      res.setEncoding('latin1');
      res.on('data', (text: string) => {
        body += text;
      });
      res.on('error', reject);
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body }));
    });
    req.on('error', reject);
  });
}

/**
 * Asks until somebody listens, and is strict about what comes then.
 *
 * @param ended says that nobody will listen any more
 * @throws Error after 20 s, or for an answer other than 200 with `body`
 */
export async function firstAnswer(
  port: number,
  path: string,
  body: string,
  ended: () => boolean,
): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline && !ended()) {
    const answer = await ask(port, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') throw error;
    });
    if (answer) return requireAnswer(answer, body);
    await new Promise((done) => setTimeout(done, 3));
  }
  throw new Error('it does not listen');
}

/** @throws Error unless it is the upstream's own answer, whole, and with its length */
export function requireAnswer({ status, headers, body }: Answer, expected: string): void {
  const ours = headers['x-proxy-error'];
  if (ours) throw new Error(`the proxy's own answer ${status} ${ours}`);
  if (status !== 200) throw new Error(`status ${status} instead of 200`);
  if (body !== expected) throw new Error(`another body: ${body.slice(0, 80)}`);
  if (headers['content-length'] !== String(expected.length)) throw new Error('no Content-Length');
}
