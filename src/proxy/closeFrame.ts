/** The server, or what stands in for it, restarts: come again (RFC 6455, section 7.4.2, IANA). */
export const serviceRestart = 1012;
/** An endpoint goes away, as a visitor that leaves the page. */
export const goingAway = 1001;

/**
 * Builds the frame that closes a WebSocket (RFC 6455, section 5.5.1).
 *
 * @param reason ASCII of up to 123 characters
 * @param mask four random bytes, which a client's frame must have and a server's must not
 */
export function closeFrame(code: number, reason = '', mask?: Uint8Array): Buffer {
  const head = mask ? 6 : 2;
  const length = 2 + reason.length;
  const frame = Buffer.alloc(head + length);
  frame[0] = 0x88;
  frame[1] = mask ? 0x80 | length : length;
  frame.writeUInt16BE(code, head);
  frame.write(reason, head + 2, 'latin1');
  if (!mask) return frame;
  frame.set(mask, 2);
  for (let i = 0; i < length; i++) frame[head + i] = (frame[head + i] ?? 0) ^ (mask[i & 3] ?? 0);
  return frame;
}
