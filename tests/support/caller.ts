import { once } from 'node:events';
import net, { type Socket } from 'node:net';

/** One kept connection that asks for short answers, at little cost to who measures with it. */
export class Caller {
  readonly #socket: Socket;
  #received = '';
  #answered: ((status: string) => void) | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (chunk: string) => this.#read(chunk));
  }

  static async connect(port: number): Promise<Caller> {
    const socket = net.connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new Caller(socket);
  }

  get busy(): boolean {
    return this.#answered !== undefined;
  }

  /**
   * Sends a GET of `/` over HTTPS, as a front proxy tells it.
   *
   * @returns the answer's status, when its body is complete
   */
  ask(host: string, client: string): Promise<string> {
    this.#socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nX-Forwarded-For: ${client}\r\nX-Forwarded-Proto: https\r\n\r\n`,
    );
    return new Promise((resolve, reject) => {
      const fail = () => reject(new Error('the connection ended without an answer'));
      this.#socket.once('close', fail);
      this.#answered = (status) => {
        this.#socket.off('close', fail);
        resolve(status);
      };
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(chunk: string): void {
    this.#received += chunk;
    const head = this.#received.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(this.#received)?.[1] ?? 0);
    if (this.#received.length < head + 4 + length) return;
    const status = this.#received.slice(9, 12);
    const answered = this.#answered;
    this.#received = '';
    this.#answered = undefined;
    answered?.(status);
  }
}
