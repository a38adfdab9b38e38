import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { egressPassword } from '../../src/egress/credentials.ts';
import type { Reading } from './probe.ts';
import { type Program, startProbed } from './program.ts';
import { RawConnection } from './rawConnection.ts';

const probe = new URL('./probe.ts', import.meta.url);
const secret = 'a-secret-of-the-egress-tests-with-32-characters';

/** The egress proxy as `npm run egress` runs it, in a process that is watched from inside. */
export class WatchedEgress {
  readonly port: number;
  readonly program: Program;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  /** Lets sandboxes reach one port of 127.0.0.1. */
  static async start(outside: number, env: Record<string, string> = {}): Promise<WatchedEgress> {
    const program = startProbed(
      probe,
      {
        EGRESS_ALLOW: `127.0.0.1:${outside}`,
        EGRESS_ALLOW_PRIVATE: '127.0.0.1',
        EGRESS_SECRET: secret,
        EGRESS_HOST: '127.0.0.1',
        EGRESS_PORT: '0',
        LOG_FORMAT: 'json',
        ...env,
      },
      'pipe',
      'egress',
    );
    const port = Number(/port (\d+)/.exec(await program.line(/start\.listening/))?.[1]);
    return new WatchedEgress(program, port);
  }

  /** Opens a tunnel and reads its 200; what comes behind that is the test's to read. */
  async tunnel(outside: number, sandbox = 'a-sandbox'): Promise<RawConnection> {
    const connection = await RawConnection.open(this.port);
    connection.send(opening(outside, sandbox));
    await connection.until((text) => text.length >= established.length, 15_000);
    if (!connection.received.startsWith(established)) throw new Error(connection.received);
    connection.received = connection.received.slice(established.length);
    return connection;
  }

  /** The same as a socket alone, whose bytes nobody decodes or keeps. */
  async stream(outside: number, sandbox = 'a-sandbox'): Promise<Socket> {
    const socket = net.connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    socket.write(opening(outside, sandbox));
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.pause();
    if (!first.toString('latin1').startsWith(established)) throw new Error(String(first));
    socket.unshift(first.subarray(established.length));
    return socket;
  }

  /** Asks for a tunnel and waits for nothing. */
  knock(outside: number): Socket {
    const socket = net.connect(this.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(opening(outside, 'a-sandbox'));
    return socket;
  }

  async read(collect = true): Promise<Reading> {
    const { child, exit } = this.program;
    const answered = once(child, 'message') as Promise<[Reading]>;
    child.send(collect);
    const ended = exit.then((code): never => {
      throw new Error(`exit ${code}: ${this.program.lines.join('\n')}`);
    });
    const [reading] = await Promise.race([answered, ended]);
    return reading;
  }

  /** As `systemctl stop` does. */
  stop(): Promise<number | null> {
    this.program.child.kill('SIGTERM');
    return this.program.exit;
  }

  async close(): Promise<void> {
    this.program.child.kill('SIGKILL');
    await this.program.exit;
  }
}

const established = 'HTTP/1.1 200 Connection Established\r\n\r\n';

function opening(outside: number, sandbox: string): string {
  const basic = Buffer.from(`${sandbox}:${egressPassword(secret, sandbox)}`).toString('base64');
  const target = `127.0.0.1:${outside}`;
  return `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`;
}
