import http from 'node:http';
import { closeServer, listen } from './rig.ts';

export interface HttpRelay {
  /** `http://127.0.0.1:41234/inside` */
  readonly url: string;
  /** The path of every request so far, as it was passed on. */
  readonly asked: string[];
  close(): Promise<void>;
}

/**
 * Starts a second address of a server.
 *
 * @param to the server's own address, without a path
 * @param under what stands before its paths at the second address
 * @param host the Host that the server sees; by default the one that was asked for
 */
export async function startHttpRelay(to: string, under = '', host?: string): Promise<HttpRelay> {
  const asked: string[] = [];
  const server = http.createServer((req, res) => {
    if (!req.url?.startsWith(`${under}/`)) return void res.writeHead(404).end();
    const path = req.url.slice(under.length);
    asked.push(path.split('?', 1)[0] ?? '');
    const headers = { ...req.headers, host: host ?? req.headers.host };
    const onward = http.request(new URL(to), { method: req.method, path, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  });
  const url = `http://127.0.0.1:${await listen(server)}${under}`;
  return { url, asked, close: () => closeServer(server) };
}
