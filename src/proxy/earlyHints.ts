import type { ServerResponse } from 'node:http';
import type { LocationContext } from './location.ts';
import { responseHead } from './responseHead.ts';

/** Passes on what a 103 hints at (RFC 8297). */
export function passEarlyHints(
  res: ServerResponse,
  rawHeaders: readonly string[],
  context: LocationContext,
): void {
  const fields = responseHead(rawHeaders, context);
  const link = fields.filter((_value, i) => i % 2 === 1 && /^link$/i.test(fields[i - 1] ?? ''));
  try {
    if (link.length > 0) res.writeEarlyHints({ link });
  } catch {
    // Node refuses a Link that it cannot read; a hint may be left out.
  }
}
