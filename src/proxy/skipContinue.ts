const statusLine = /^HTTP\/1\.[01] 100[ \r\n]/;
const headEnd = '\r\n\r\n';

/**
 * Takes `100 Continue` answers off the beginning of what a sandbox sends. Nobody asked for them,
 * since our own 100 has gone to the client by then, but a client must bear one that it did not
 * expect (RFC 9110, section 15.2), and undici takes it for a broken connection.
 *
 * @param bytes all that has come of the answer so far
 * @param longest the size in bytes at which an unfinished head is no longer waited for
 * @returns what follows; empty where nothing does yet, undefined where an interim head is unfinished
 */
export function skipContinue(bytes: Buffer, longest: number): Buffer | undefined {
  // The status of every other answer differs in its first digit or soon after: no text is made.
  const digit = bytes[9];
  if (digit !== undefined && digit !== 0x31) return bytes;
  const start = bytes.toString('latin1', 0, 13);
  if (!statusLine.test(start)) return couldBecomeContinue(start) ? undefined : bytes;
  const end = bytes.indexOf(headEnd);
  if (end < 0) return bytes.length < longest ? undefined : bytes;
  const rest = bytes.subarray(end + headEnd.length);
  return rest.length > 0 ? skipContinue(rest, longest) : rest;
}

function couldBecomeContinue(start: string): boolean {
  return (
    start.length < 13 && ('HTTP/1.1 100 '.startsWith(start) || 'HTTP/1.0 100 '.startsWith(start))
  );
}
