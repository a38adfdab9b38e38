/** WebSocket frames (RFC 6455, section 5.2) of binary messages below 126 bytes. */

const finalBinary = 0x82;
/** Masks with it leave the payload as it is; a client must still mask. */
const zeroKey = Buffer.alloc(4);

/** A frame as clients send it. */
export function maskedFrame(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([finalBinary, 0x80 | payload.length]), zeroKey, payload]);
}

/** A frame as servers send it. */
export function unmaskedFrame(payload: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(2 + payload.length);
  frame[0] = finalBinary;
  frame[1] = payload.length;
  payload.copy(frame, 2);
  return frame;
}

/** Cuts a client's bytes into messages and passes over what is no binary message. */
export class FrameReader {
  readonly #onMessage: (payload: Buffer) => void;
  #rest: Buffer | undefined;

  constructor(onMessage: (payload: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  read(chunk: Buffer): void {
    let bytes = this.#rest ? Buffer.concat([this.#rest, chunk]) : chunk;
    while (bytes.length >= 6) {
      const end = 6 + ((bytes[1] ?? 0) & 0x7f);
      if (bytes.length < end) break;
      if (bytes[0] === finalBinary) this.#onMessage(unmask(bytes.subarray(2, end)));
      bytes = bytes.subarray(end);
    }
    this.#rest = bytes.length > 0 ? bytes : undefined;
  }
}

/** @param masked the key and the payload, which is unmasked in place */
function unmask(masked: Buffer): Buffer {
  const payload = masked.subarray(4);
  for (let i = 0; i < payload.length; i++) {
    payload[i] = (payload[i] ?? 0) ^ (masked[i & 3] ?? 0);
  }
  return payload;
}
