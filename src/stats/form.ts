import type { IncomingMessage, ServerResponse } from 'node:http';
import { ProxyError } from '../replies/errors.ts';

const mostBytes = 4_096;
/** Anybody may send a form; nobody may take his time for it. */
const withinMs = 10_000;

/**
 * Reads a form of ours (application/x-www-form-urlencoded).
 *
 * @throws ProxyError INVALID_REQUEST for what is no such form, is too large, or does not come
 */
export async function readForm(
  req: IncomingMessage,
  res: ServerResponse,
): Promise<URLSearchParams> {
  if (!/^application\/x-www-form-urlencoded\b/i.test(req.headers['content-type'] ?? '')) {
    throw new ProxyError('INVALID_REQUEST');
  }
  if (req.exchange.awaitsContinue) res.writeContinue();
  req.exchange.awaitsContinue = false;
  // A request without a body has ended before anybody could listen.
  return new URLSearchParams(req.readableEnded ? '' : await readText(req));
}

function readText(req: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const late = setTimeout(() => refuse(), withinMs);
    const refuse = () => {
      clearTimeout(late);
      req.off('data', take).resume();
      reject(new ProxyError('INVALID_REQUEST'));
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > mostBytes) refuse();
      else chunks.push(chunk);
    };
    req.on('data', take);
    req.once('end', () => {
      clearTimeout(late);
      resolve(Buffer.concat(chunks).toString());
    });
    req.once('close', refuse); // Where it has ended before, this changes nothing.
  });
}
