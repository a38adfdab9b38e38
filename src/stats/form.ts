import type { IncomingMessage } from 'node:http';
import { ProxyError } from '../replies/errors.ts';

const mostBytes = 4_096;
/** Anybody may send a form; nobody may take his time for it. */
const withinMs = 10_000;

/**
 * Reads a form of ours (application/x-www-form-urlencoded).
 *
 * @throws ProxyError INVALID_REQUEST for what is no such form, is too large, or does not come
 */
export function readForm(req: IncomingMessage): Promise<URLSearchParams> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = () => {
      req.off('data', take);
      req.resume();
      end(() => reject(new ProxyError('INVALID_REQUEST')));
    };
    const late = setTimeout(refuse, withinMs);
    const end = (then: () => void) => {
      clearTimeout(late);
      then();
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > mostBytes) refuse();
    };
    if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '')) {
      refuse();
      return;
    }
    req.on('data', take);
    req.once('end', () =>
      end(() => resolve(new URLSearchParams(Buffer.concat(chunks).toString()))),
    );
    req.once('close', refuse); // Once it has ended, this is of no effect.
  });
}
