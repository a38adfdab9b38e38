/** `npm run demo`: an embedded Daytona, a sandbox and the proxy in front of it, in one process. */
import { startProxy } from '../assembly.ts';
import { readConfig } from '../config/config.ts';
import { environment } from '../config/environment.ts';
import { runUntilStopped } from '../lifecycle/signals.ts';
import { explainStartError } from '../lifecycle/startError.ts';
import { createLog } from '../log/logger.ts';
import { type Demo, startDemo } from './demo.ts';

const domain = 'proxy.localhost';
let demo: Demo | undefined;

try {
  const env = environment();
  demo = await startDemo(env.PATH ?? '');
  const { daytona, name, openCode } = demo;
  const config = readConfig({
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: domain,
    HOST: '127.0.0.1',
    PORT: env.PORT,
    LOG_LEVEL: env.LOG_LEVEL ?? 'warn',
    SHUTDOWN_TIMEOUT_MS: '500',
  });
  const log = createLog({ level: config.LOG_LEVEL, format: 'pretty' });
  const proxy = await startProxy(config, log);
  const address = (port: number) => `http://${port}-${name}.${domain}:${proxy.port}/`;
  console.log(`
daytona-proxy demo: an embedded Daytona on 127.0.0.1 (${daytona.apiUrl}) with one sandbox.

  the sandbox's app   ${address(3000)}
  OpenCode            ${openCode ? address(4096) : 'not found; `npm i -g opencode-ai`, then start again'}
  health and stats    http://localhost:${proxy.port}/health  http://localhost:${proxy.port}/stats

Browsers and curl know *.localhost by themselves. Ctrl-C ends everything.
`);
  const stop = async () => {
    await proxy.close();
    await demo?.close();
  };
  runUntilStopped({ log, openWork: proxy.openWork, stop });
} catch (error) {
  await demo?.close();
  console.error(explainStartError(error));
  process.exit(1);
}
