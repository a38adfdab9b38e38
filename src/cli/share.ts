/** `npm run share -- <sandboxId> <port>`: asks the proxy that runs on this machine for a share link. */
import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from '../config/config.ts';
import { environment } from '../config/environment.ts';
import { parseDuration } from './duration.ts';
import { askOwnProxy } from './ownProxy.ts';

const usage = `npm run share -- <sandboxId> <port> [options]
npm run share -- --end <shareId>

  --expires 1h    how long the link works: 90s, 30m, 12h, 7d; at most 30d
  --path /docs    only what is below this path
  --read-only     no writes and no WebSockets
  --end ID        ends a link at once

ADMIN_TOKEN, PORT and TLS_CERT_FILE are read from the environment or from .env, as the proxy does.`;

try {
  console.log(await run(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @returns what to print */
async function run(args: string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      expires: { type: 'string', default: '1h' },
      path: { type: 'string', default: '/' },
      'read-only': { type: 'boolean', default: false },
      end: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return usage;
  if (values.end !== undefined) {
    await call('DELETE', `/shares/${encodeURIComponent(values.end)}`);
    return 'Ended.';
  }
  const [sandboxId, port, more] = positionals;
  if (sandboxId === undefined || port === undefined || more !== undefined) throw new Error(usage);
  const answer = await call('POST', '/shares', {
    sandboxId,
    port: Number(port),
    pathPrefix: values.path,
    readOnly: values['read-only'],
    expiresInSeconds: parseDuration(values.expires),
  });
  const { url, id, expiresAt } = answer as Record<string, string>;
  return `${url}\n\nworks until ${expiresAt}; end it before by: npm run share -- --end ${id}`;
}

/** @throws Error that says what to do */
async function call(method: string, path: string, body?: object): Promise<unknown> {
  const config = readConfig(environment());
  const { ADMIN_TOKEN: token, PORT: port } = config;
  if (token === undefined) throw new Error('Set ADMIN_TOKEN for the proxy and for this command.');
  const response = await askOwnProxy(config, path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    if (error instanceof ConfigError) throw error;
    throw new Error(`No proxy answers on port ${port}. Start it by \`npm start\`, or set PORT.`);
  });
  if (response.status === 204) return undefined;
  const answer = (await response.json()) as { error?: { message: string } };
  if (!response.ok) throw new Error(answer.error?.message ?? `The proxy said ${response.status}.`);
  return answer;
}
