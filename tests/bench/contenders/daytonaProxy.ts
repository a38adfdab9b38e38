import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { startDaytona } from '../../../src/demo/daytona.ts';
import { type Contender, launch } from './contender.ts';

const start = fileURLToPath(new URL('../../../src/start.js', import.meta.url));

/** This proxy as `npm start` runs it, in front of an embedded Daytona in this process. */
export const daytonaProxy: Contender = {
  id: 'daytona-proxy',
  name: 'daytona-proxy',
  setup:
    'as `npm start`, every default on; limits count as ever but are set above the load; access log at info, as JSON lines to a file; preview links from the embedded Daytona lead straight to the upstream',
  version: () => {
    const file = new URL('../../../package.json', import.meta.url);
    return JSON.parse(readFileSync(file, 'utf8')).version;
  },
  start: async (upstreamPort, cores) => {
    const daytona = await startDaytona();
    daytona.sandboxes.create({ id: 'bench' });
    // Past the embedded edge, which would be slower than anything measured here.
    daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${upstreamPort}`);
    const env = (port: number) => ({
      DAYTONA_API_KEY: daytona.apiKey,
      DAYTONA_API_URL: daytona.apiUrl,
      PROXY_DOMAIN: 'proxy.test',
      HOST: '127.0.0.1',
      PORT: String(port),
      RATE_LIMIT_MAX: '1000000000',
      MAX_CONNECTIONS_PER_CLIENT: '10000',
      MAX_CONNECTIONS_PER_SANDBOX: '10000',
    });
    try {
      const running = await launch(
        process.execPath,
        () => [start],
        (port) => ({ env: env(port), cores }),
      );
      return {
        ...running,
        accessLines: () => countAccessLines(running.program.logFile),
        stop: async () => {
          await running.stop();
          await daytona.close();
        },
      };
    } catch (error) {
      await daytona.close();
      throw error;
    }
  },
};

async function countAccessLines(file: string): Promise<number> {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (line.includes('"event":"access"')) count++;
  }
  return count;
}
