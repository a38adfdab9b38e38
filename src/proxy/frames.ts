/** Longest payload of a ping, pong or close (RFC 6455, section 5.5). */
const longestControl = 125;
const closeOpcode = 8;

/** True where a frame that begins with this byte closes the WebSocket. */
export function beginsClose(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0x0f) === closeOpcode;
}

/**
 * Knows where the frames of one direction of a WebSocket begin and end (RFC 6455, section 5.2). It
 * hops from head to head, looks into no payload and keeps no bytes. Reserved bits and opcodes are
 * the extensions' affair; what cannot be frames makes it give up for good.
 */
export class FrameReader {
  #readable = true;
  #closed = false;
  #opcode = 0;
  /** Bytes of an unfinished head that have come. */
  #seen = 0;
  /** Where in the head its length ends, and where the head itself. */
  #lengthEnd = 2;
  #headEnd = 2;
  #length = 0;
  /** Bytes of the payload that are still to come. */
  #left = 0;

  /** False once bytes came that are no frames: nothing else that it says counts any more. */
  get readable(): boolean {
    return this.#readable;
  }

  /** True once a close frame has begun. */
  get closed(): boolean {
    return this.#closed;
  }

  /** True between two frames, and before the first. */
  get atBoundary(): boolean {
    return this.#readable && this.#seen === 0 && this.#left === 0;
  }

  /**
   * Reads a whole chunk.
   *
   * @returns whether any of it belongs to a message and not to a ping, pong or close; true also
   *   where it cannot be read, because it may
   */
  read(chunk: Uint8Array): boolean {
    let data = false;
    for (let at = 0; at >= 0 && at < chunk.length; ) {
      at = this.advance(chunk, at);
      data ||= this.#opcode <= 2;
    }
    return data || !this.#readable;
  }

  /**
   * Reads on up to the end of the frame that is under way, or of the next one at a boundary.
   *
   * @param at where to begin in the chunk
   * @returns where the frame ends in it, or -1 where that does not come in this chunk
   */
  advance(chunk: Uint8Array, at: number): number {
    let next = at;
    if (this.#left === 0) {
      do {
        if (!this.#readable || next >= chunk.length) return -1;
        this.#takeHead(chunk[next++] ?? 0);
      } while (this.#seen > 0);
    }
    const rest = chunk.length - next;
    if (rest < this.#left) {
      this.#left -= rest;
      return -1;
    }
    next += this.#left;
    this.#left = 0;
    return this.#readable ? next : -1;
  }

  /** Takes one byte of a head; behind the last one, `#seen` is 0 and `#left` the payload's size. */
  #takeHead(byte: number): void {
    const at = this.#seen++;
    if (at === 0) this.#takeFirst(byte);
    else if (at === 1) this.#takeSecond(byte);
    else if (at < this.#lengthEnd) this.#length = this.#length * 256 + byte;
    if (this.#length > Number.MAX_SAFE_INTEGER) this.#giveUp();
    if (this.#seen < 2 || this.#seen < this.#headEnd) return;
    this.#seen = 0;
    this.#left = this.#length;
  }

  #takeFirst(byte: number): void {
    this.#opcode = byte & 0x0f;
    this.#length = 0;
    const control = this.#opcode >= closeOpcode;
    if (control && (byte & 0x80) === 0)
      this.#giveUp(); // It must not be fragmented.
    else if (this.#opcode === closeOpcode) this.#closed = true;
  }

  #takeSecond(byte: number): void {
    const length = byte & 0x7f;
    this.#lengthEnd = length === 127 ? 10 : length === 126 ? 4 : 2;
    this.#headEnd = this.#lengthEnd + (byte & 0x80 ? 4 : 0);
    if (length > longestControl) {
      if (this.#opcode >= closeOpcode) this.#giveUp();
    } else this.#length = length;
  }

  /** Where a frame would begin is unknown from here on. */
  #giveUp(): void {
    this.#readable = false;
    this.#length = 0;
    this.#seen = this.#headEnd = this.#lengthEnd = 2;
  }
}
