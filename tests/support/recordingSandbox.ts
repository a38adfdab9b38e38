import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { valuesOf } from './strictAnswer.ts';
import { readRequest, type WireRequest } from './strictRequest.ts';

/** What came on one connection to the sandbox. */
export interface Recording {
  /** In their order; the last one may be incomplete. */
  readonly requests: WireRequest[];
  /** What was read and is no request, with the reason; nothing is read behind it. */
  malformed: string | undefined;
  /** All bytes behind a handshake that was answered by 101. */
  tunnel: string | undefined;
}

/**
 * A sandbox's preview edge that writes down every byte that reaches it. Its answers say what
 * was asked, in their body and in `X-Asked`; a handshake it answers by 101 and an echo, and what is
 * malformed not at all.
 */
export class RecordingSandbox {
  readonly recordings: Recording[] = [];
  readonly #server: net.Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = net.createServer((socket) => this.#record(socket));
  }

  static async start(): Promise<RecordingSandbox> {
    const sandbox = new RecordingSandbox();
    sandbox.#server.listen(0, '127.0.0.1');
    await once(sandbox.#server, 'listening');
    return sandbox;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Every request whose Host begins so, in the order in which their connections were opened. */
  requestsTo(host: string): WireRequest[] {
    return this.#to(host).flatMap(({ requests }) => requests);
  }

  /** What came behind each handshake to a Host that begins so. */
  tunnels(host: string): string[] {
    return this.#to(host).flatMap(({ tunnel }) => tunnel ?? []);
  }

  /** What came so far and is no HTTP, with the reason. */
  get malformed(): string[] {
    return this.recordings.flatMap(({ malformed }) => malformed ?? []);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #to(host: string): Recording[] {
    const named = ({ fields }: WireRequest) => valuesOf(fields, 'host')[0]?.startsWith(host);
    return this.recordings.filter(({ requests }) => requests.some(named));
  }

  #record(socket: Socket): void {
    const recording: Recording = {
      requests: [],
      malformed: undefined,
      tunnel: undefined,
    };
    this.recordings.push(recording);
    this.#sockets.add(socket);
    let text = '';
    let open = true;
    const read = () => {
      while (open && text !== '') {
        const request = readRequest(text);
        if (!request) return;
        if (recording.requests.at(-1)?.complete === false) recording.requests.pop();
        recording.requests.push(request);
        if (!request.complete) return;
        text = text.slice(request.length);
        if (answer(socket, request) === 101) {
          open = false;
          recording.tunnel = text;
          socket.write(text, 'latin1');
        }
      }
    };
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk: string) => {
      if (recording.malformed !== undefined) return;
      if (!open) {
        recording.tunnel = (recording.tunnel ?? '') + chunk;
        socket.write(chunk, 'latin1');
        return;
      }
      text += chunk;
      try {
        read();
      } catch (error) {
        recording.malformed = String(error);
      }
    });
  }
}

function answer(socket: Socket, { method, target, fields }: WireRequest): number {
  const has = (pattern: RegExp) => fields.some((line) => pattern.test(line));
  if (has(/^upgrade: websocket$/i) && has(/^sec-websocket-version: 13$/i)) {
    const switched = 'HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket';
    socket.write(`${switched}\r\nX-Asked: ${target}\r\n\r\n`, 'latin1');
    return 101;
  }
  const body = method === 'HEAD' ? '' : target;
  const status = has(/^upgrade:/i) ? 426 : 200;
  const head = `HTTP/1.1 ${status} X\r\nX-Asked: ${target}\r\n`;
  socket.write(`${head}Content-Length: ${target.length}\r\n\r\n${body}`, 'latin1');
  return status;
}
