import { X509Certificate } from 'node:crypto';
import { Agent, type Dispatcher, fetch, type RequestInit, type Response } from 'undici';
import type { Config } from '../config/config.ts';
import { tlsFiles } from '../config/tlsVariables.ts';
import { readTexts } from '../tls/certificateFiles.ts';

/**
 * Asks the proxy that runs on this machine with this configuration.
 *
 * @throws ConfigError where the certificate cannot be read, and what `fetch` throws
 */
export async function askOwnProxy(
  config: Config,
  path: string,
  init: RequestInit,
): Promise<Response> {
  const files = tlsFiles(config);
  const origin = `${files ? 'https' : 'http'}://127.0.0.1:${config.PORT}`;
  if (!files) return fetch(origin + path, init);
  const { cert } = await readTexts(files);
  return fetch(origin + path, { ...init, dispatcher: pinnedTo(new X509Certificate(cert)) });
}

/** No certificate names 127.0.0.1: instead of by its name, the proxy is known by the very one. */
function pinnedTo(certificate: X509Certificate): Dispatcher {
  return new Agent({
    connect: {
      ca: certificate.toString(),
      allowPartialTrustChain: true,
      checkServerIdentity: () => undefined,
    },
  });
}
