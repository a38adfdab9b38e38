import { once } from 'node:events';
import type { Socket } from 'node:net';
import { readAnswer, type WireAnswer } from './strictAnswer.ts';
import { type Connect, plain } from './transport.ts';

/** A client's connection that sends bytes as they are and reads answers strictly, one by one. */
export class RawConnection {
  readonly socket: Socket;
  /** What came and belongs to no answer read yet, as latin1. */
  received = '';
  #ended = false;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (text: string) => {
      this.received += text;
    });
    socket.on('close', () => {
      this.#ended = true;
    });
  }

  static async open(port: number, connect: Connect = plain): Promise<RawConnection> {
    const connection = new RawConnection(connect(port));
    await once(connection.socket, 'connect');
    return connection;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /**
   * Reads the next answer, complete or not.
   *
   * @returns undefined where the connection was closed without a head of an answer
   */
  async read(method = 'GET', deadlineMs = 3_000): Promise<WireAnswer | undefined> {
    const found = () => readAnswer(this.received, method, this.#ended);
    await this.until(() => found() !== undefined, deadlineMs);
    const answer = found();
    if (answer) this.received = this.received.slice(answer.length);
    return answer;
  }

  /** Resolves when what came satisfies `enough`, or the connection is closed. */
  async until(enough: (received: string) => boolean, deadlineMs = 3_000): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!this.#ended && !enough(this.received)) return;
        stop();
        resolve();
      };
      const late = setTimeout(() => {
        stop();
        const got = JSON.stringify(this.received.slice(0, 300));
        reject(new Error(`no end within ${deadlineMs} ms; received ${got}`));
      }, deadlineMs);
      const stop = () => {
        clearTimeout(late);
        this.socket.off('data', check).off('close', check);
      };
      this.socket.on('data', check).on('close', check);
      check();
    });
  }

  /** Resolves when the connection is closed by the other side. */
  closed(): Promise<void> {
    return this.until(() => false);
  }
}
