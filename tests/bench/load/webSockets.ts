import type { Socket } from 'node:net';
import { host } from '../rig/ask.ts';
import { openConnection, readHead } from './connection.ts';
import { maskedFrame, unmaskedFrame } from './frames.ts';

const handshake = `GET /echo HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
/** What RFC 6455 (section 1.3) answers to that key. */
const accepted = /sec-websocket-accept: *s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i;
const payload = Buffer.alloc(64, 'an echo of sixty-four bytes');
const message = maskedFrame(payload);
const expected = unmaskedFrame(payload);

/** A client's WebSocket with no library around it. */
export class EchoSocket {
  readonly #socket: Socket;
  readonly #opened = Promise.withResolvers<void>();
  #open = false;
  #received: Buffer = Buffer.alloc(0);
  #onEcho: (() => void) | undefined;
  #onFailure: (why: Error) => void = () => {};

  private constructor(port: number) {
    const end = () => this.#fail('a WebSocket ended');
    this.#socket = openConnection(port, (bytes) => this.#receive(bytes), end);
    this.#socket.write(handshake);
  }

  /** @throws Error if it is not accepted */
  static async open(port: number): Promise<EchoSocket> {
    const socket = new EchoSocket(port);
    await socket.#opened.promise;
    return socket;
  }

  /**
   * Opens many, some at a time.
   *
   * @throws Error if one is not accepted; the others are closed then
   */
  static async openMany(port: number, count: number): Promise<EchoSocket[]> {
    const sockets: EchoSocket[] = [];
    let begun = 0;
    const openSome = async () => {
      while (begun++ < count) sockets.push(await EchoSocket.open(port));
    };
    try {
      await Promise.all(Array.from({ length: 64 }, openSome));
      return sockets;
    } catch (error) {
      for (const socket of sockets) socket.close();
      throw error;
    }
  }

  /** Sends the message again and again, each time that its echo has come, until it is closed. */
  pingPong(onEcho: () => void, onFailure: (why: Error) => void): void {
    this.#onFailure = onFailure;
    this.#onEcho = () => {
      onEcho();
      this.#socket.write(message);
    };
    this.#socket.write(message);
  }

  get open(): boolean {
    return this.#open && !this.#socket.destroyed;
  }

  close(): void {
    this.#onFailure = () => {};
    this.#onEcho = undefined;
    this.#socket.destroy();
  }

  #receive(bytes: Buffer): void {
    const partial = this.#received.length > 0;
    const received = partial ? Buffer.concat([this.#received, bytes]) : bytes;
    if (!this.#open) {
      const head = readHead(received);
      if (!head) {
        this.#received = Buffer.from(received);
      } else if (head.status !== 101 || !accepted.test(received.toString('latin1', 0, head.end))) {
        this.#fail(`no WebSocket: ${received.toString('latin1', 0, 200)}`);
      } else {
        this.#open = true;
        this.#received = Buffer.alloc(0);
        this.#opened.resolve();
      }
    } else if (received.length < expected.length) {
      this.#received = Buffer.from(received);
    } else if (received.equals(expected)) {
      if (partial) this.#received = Buffer.alloc(0);
      this.#onEcho?.();
    } else {
      this.#fail('an echo was not what had been sent');
    }
  }

  #fail(why: string): void {
    const error = new Error(why);
    this.#opened.reject(error);
    this.#onFailure(error);
  }
}
