/** `npm run demo`: an embedded Daytona, a sandbox and the proxy in front of it, in one process. */
import { startProxy } from '../assembly.ts';
import { readConfig } from '../config/config.ts';
import { environment } from '../config/environment.ts';
import { runUntilStopped } from '../lifecycle/signals.ts';
import { explainStartError } from '../lifecycle/startError.ts';
import { createLog } from '../log/logger.ts';
import { type Demo, startDemo } from './demo.ts';
import { type DemoFlags, readFlags } from './flags.ts';
import { domain, welcome, welcomeToPlatform } from './welcome.ts';

let demo: Demo | undefined;

try {
  const { platform } = flagsOrExit();
  const env = environment();
  // Only ids stand in the hosts of a platform, names do not.
  demo = await startDemo(env.PATH ?? '', platform ? { id: 'demo', public: true } : {});
  const { daytona } = demo;
  const config = readConfig({
    DAYTONA_API_KEY: daytona.apiKey,
    DAYTONA_API_URL: daytona.apiUrl,
    PROXY_DOMAIN: domain,
    HOST: '127.0.0.1',
    PORT: env.PORT,
    ...(platform && {
      MODE: 'platform',
      PROXY_API_KEY: daytona.proxyKey,
      PROXY_PORT: env.PROXY_PORT,
    }),
    LOG_LEVEL: env.LOG_LEVEL ?? 'warn',
    SHUTDOWN_TIMEOUT_MS: '500',
  });
  const log = createLog({ level: config.LOG_LEVEL, format: 'pretty' });
  const proxy = await startProxy(config, log);
  console.log((platform ? welcomeToPlatform : welcome)(demo, proxy.port));
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

function flagsOrExit(): DemoFlags {
  try {
    return readFlags(process.argv.slice(2));
  } catch (error) {
    // A slip of the fingers needs no stack.
    console.error((error as Error).message);
    return process.exit(1);
  }
}
