import { startProxy } from '../assembly.ts';
import { readConfig } from '../config/config.ts';
import { environment } from '../config/environment.ts';
import { runUntilStopped } from '../lifecycle/signals.ts';
import { explainStartError } from '../lifecycle/startError.ts';
import { createLog } from '../log/logger.ts';
import { type Demo, startDemo } from './demo.ts';
import { addresses, domain, welcome, welcomeToPlatform } from './welcome.ts';

const signals = ['SIGTERM', 'SIGINT'] as const;

/** What the demo shows. */
interface DemoFlags {
  /** The proxy in the place of a self-hosted Daytona's own, and not in front of its edge. */
  readonly platform: boolean;
  /** One JSON object in the place of the words of welcome. */
  readonly json: boolean;
}

/**
 * Runs an embedded Daytona, a sandbox and the proxy in front of it, all in this process, until a
 * signal stops them.
 */
export async function runDemo({ platform, json }: DemoFlags): Promise<void> {
  let demo: Demo | undefined;
  // As long as there is nothing to stop in order: what was started ends with this process.
  const leave = () => process.exit(130);
  for (const signal of signals) process.on(signal, leave);
  try {
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
    const log = createLog({ level: config.LOG_LEVEL, format: json ? 'json' : 'pretty' });
    const proxy = await startProxy(config, log);
    const words = platform ? welcomeToPlatform : welcome;
    console.log(json ? JSON.stringify(addresses(demo, proxy.port)) : words(demo, proxy.port));
    const stop = async () => {
      await proxy.close();
      await demo?.close();
    };
    for (const signal of signals) process.off(signal, leave);
    runUntilStopped({ log, openWork: proxy.openWork, stop });
  } catch (error) {
    await demo?.close();
    console.error(explainStartError(error));
    process.exit(1);
  }
}
