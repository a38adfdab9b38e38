import http, { type IncomingMessage } from 'node:http';
import { closeServer, listen, type Rig, type RigOptions, startRig } from './rig.ts';

/** A rig in platform mode. */
export interface PlatformRig extends Rig {
  /** The runner's host and port. */
  readonly runner: string;
  /** What stands before an app's paths there. */
  prefix(port?: number): string;
}

/** Starts the whole product in platform mode: one runner, on which all sandboxes live. */
export async function startPlatformRig(options: RigOptions = {}): Promise<PlatformRig> {
  let rig: Rig | undefined;
  const api = http.createServer((req, res) => {
    if (/^\/api\/runners\/by-sandbox\/[^/]+$/.test(req.url ?? '')) {
      const runner = { id: 'r', proxyUrl: `http://${runnerHost}`, apiKey: runnerKey };
      res.setHeader('content-type', 'application/json').end(JSON.stringify(runner));
      return;
    }
    const path = new URL(req.url ?? '', rig?.daytona.apiUrl);
    const { method = 'GET', headers } = req;
    const asked = http.request(path, { method, headers }, (answer) => {
      res.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.pipe(res);
    });
    asked.on('error', () => res.destroy()); // Both end at the same time.
    req.pipe(asked);
  });
  /** Only port 3000 of a sandbox is served. */
  const toApp = (req: IncomingMessage): boolean => {
    const [, rest] = /^\/sandboxes\/[^/]+\/toolbox\/proxy\/3000(.*)$/s.exec(req.url ?? '') ?? [];
    if (rest === undefined) return false;
    if (req.headers['x-daytona-authorization'] !== `Bearer ${runnerKey}`) return false;
    req.url = rest;
    return true;
  };
  const runner = http.createServer((req, res) => {
    if (toApp(req)) rig?.app.emit('request', req, res);
    else res.writeHead(501).end();
  });
  runner.on('upgrade', (req, socket, head) => {
    if (toApp(req)) rig?.app.emit('upgrade', req, socket, head);
    else socket.destroy();
  });
  const runnerHost = `127.0.0.1:${await listen(runner)}`;
  const started = await startRig({
    ...options,
    env: {
      MODE: 'platform',
      PROXY_API_KEY: 'demo-key',
      DAYTONA_API_URL: `http://127.0.0.1:${await listen(api)}/api`,
      ...options.env,
    },
  });
  rig = started;
  return {
    ...started,
    runner: runnerHost,
    prefix: (port = 3000) => `/sandboxes/${started.sandbox.id}/toolbox/proxy/${port}`,
    close: async () => {
      await started.close();
      await Promise.all([closeServer(runner), closeServer(api)]);
    },
  };
}

const runnerKey = 'the-key-of-the-runner';
