/** Puts a client's frame under a mask, or takes it off, where the payload has up to 125 bytes. */
export function masked(frame: Buffer, key = Buffer.from([1, 2, 3, 4])): Buffer {
  const payload = frame.subarray(2).map((byte, i) => byte ^ (key[i & 3] ?? 0));
  return Buffer.concat([frame.subarray(0, 1), Buffer.from([0x80 | payload.length]), key, payload]);
}

export function unmasked(frame: Buffer): Buffer {
  const payload = frame.subarray(6).map((byte, i) => byte ^ (frame[2 + (i & 3)] ?? 0));
  return Buffer.concat([frame.subarray(0, 1), Buffer.from([payload.length]), payload]);
}
