/**
 * Reads how an answer's body is framed.
 *
 * @returns the bytes that Content-Length announces, or undefined without one
 * @throws where a coding other than chunked would be lost with Transfer-Encoding, which ends here
 */
export function announcedLength(rawHeaders: readonly string[]): number | undefined {
  let length: number | undefined;
  let codings = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      length = Number(rawHeaders[i + 1]);
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      const coding = rawHeaders[i + 1]?.trim() ?? '';
      codings += 1;
      if (codings > 1 || !/^chunked$/i.test(coding)) throw new Error(`transfer coding ${coding}`);
    }
  }
  return length;
}

/** A 204 has no length, and a 205 none but 0 (RFC 9110, sections 8.6 and 15.3.6). */
export function framedFor(status: number, head: string[]): string[] {
  if (status !== 204 && status !== 205) return head;
  const kept = status === 205 ? ['Content-Length', '0'] : [];
  for (let i = 0; i < head.length; i += 2) {
    if (/^content-length$/i.test(head[i] ?? '')) continue;
    kept.push(head[i] ?? '', head[i + 1] ?? '');
  }
  return kept;
}

/**
 * True for trailers that name what only a head may: undici's parser takes some of them for the
 * next message's, and the connection would give another visitor a wrong answer.
 */
export function spoilsConnection(rawTrailers: readonly string[]): boolean {
  const framing = /^(?:connection|transfer-encoding|content-length|upgrade)$/i;
  return rawTrailers.some((name, i) => i % 2 === 0 && framing.test(name));
}

/** Reads field names and values as undici gives them. */
export function toStrings(raw: unknown): string[] {
  if (!Array.isArray(raw)) throw new Error('an answer without raw headers');
  const strings: string[] = [];
  for (const part of raw) strings.push(typeof part === 'string' ? part : part.latin1Slice());
  return strings;
}
