import { once } from 'node:events';
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
      '--egress',
    );
    const port = Number(/port (\d+)/.exec(await program.line(/start\.listening/))?.[1]);
    return new WatchedEgress(program, port);
  }

  /** Opens a tunnel and reads its 200; what comes behind that is the test's to read. */
  async tunnel(outside: number, sandbox = 'a-sandbox'): Promise<RawConnection> {
    const basic = Buffer.from(`${sandbox}:${egressPassword(secret, sandbox)}`).toString('base64');
    const connection = await RawConnection.open(this.port);
    const target = `127.0.0.1:${outside}`;
    connection.send(
      `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${basic}\r\n\r\n`,
    );
    const head = 'HTTP/1.1 200 Connection Established\r\n\r\n';
    await connection.until((text) => text.length >= head.length, 15_000);
    if (!connection.received.startsWith(head)) throw new Error(connection.received);
    connection.received = connection.received.slice(head.length);
    return connection;
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
