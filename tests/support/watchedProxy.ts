import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { type EmbeddedDaytona, startDaytona } from '../../src/demo/daytona.ts';
import type { Sandbox } from '../../src/demo/sandboxes.ts';
import { ask } from './client.ts';
import type { Reading } from './probe.ts';
import { type Program, startProbed } from './program.ts';
import { domain } from './rig.ts';

const probe = new URL('./probe.ts', import.meta.url);
const settleMs = 2_000;
const quietMs = 10_000;

/** What the proxy holds for others. */
export interface Holdings {
  /** Open connections of clients. */
  readonly clients: number;
  /** Open connections to the sandbox. */
  readonly upstream: number;
  /** All descriptors but those of connections to the API, which Node keeps for some seconds. */
  readonly fileDescriptors: number;
  readonly timers: number;
}

/** The proxy as `npm start` runs it, in a process of its own that is watched from inside. */
export class WatchedProxy {
  readonly port: number;
  readonly daytona: EmbeddedDaytona;
  readonly #program: Program;
  readonly #sandbox: Sandbox;
  readonly #sandboxPort: number;
  #exitCode: number | null | undefined;

  private constructor(
    program: Program,
    port: number,
    daytona: EmbeddedDaytona,
    sandbox: Sandbox,
    sandboxPort: number,
  ) {
    this.#program = program;
    this.port = port;
    this.daytona = daytona;
    this.#sandbox = sandbox;
    this.#sandboxPort = sandboxPort;
    program.exit.then((code) => {
      this.#exitCode = code;
    });
  }

  /**
   * Starts it with an embedded Daytona whose one sandbox has the same app behind every port.
   *
   * @param sandboxPort the app's real port, which the proxy dials without Daytona's edge between
   */
  static async start(sandboxPort: number, env: Record<string, string> = {}): Promise<WatchedProxy> {
    const daytona = await startDaytona();
    const sandbox = daytona.sandboxes.create();
    daytona.faults.previewUrl = (url) => url.replace(/:\d+$/, `:${sandboxPort}`);
    const program = startProbed(probe, {
      DAYTONA_API_KEY: daytona.apiKey,
      DAYTONA_API_URL: daytona.apiUrl,
      PROXY_DOMAIN: domain,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'json',
      RATE_LIMIT_MAX: '0', // Load is what these tests are about.
      SHUTDOWN_TIMEOUT_MS: '0',
      ...env,
    });
    try {
      const port = Number(/port (\d+)/.exec(await program.line(/start\.listening/))?.[1]);
      return new WatchedProxy(program, port, daytona, sandbox, sandboxPort);
    } catch (error) {
      program.child.kill('SIGKILL');
      await daytona.close();
      throw error;
    }
  }

  get pid(): number {
    return this.#program.child.pid ?? 0;
  }

  /** All lines of its log so far. */
  get lines(): readonly string[] {
    return this.#program.lines;
  }

  host(port = 3000): string {
    return `${port}-${this.#sandbox.id}.${domain}`;
  }

  /** The API's path for the lookup of a port. */
  lookupPath(port: number): string {
    return `/sandbox/${this.#sandbox.id}/ports/${port}/preview-url`;
  }

  /** Reads what the process holds, by default after its garbage was collected. */
  async read(collect = true): Promise<Reading> {
    const { child } = this.#program;
    const answered = once(child, 'message') as Promise<[Reading]>;
    child.send(collect);
    const [reading] = await Promise.race([answered, this.#ended()]);
    return reading;
  }

  async holdings(): Promise<Holdings> {
    const { sockets, fileDescriptors, timers } = await this.read(false);
    const clients = sockets.filter(({ local }) => local === this.port).length;
    const upstream = sockets.filter(({ remote }) => remote === this.#sandboxPort).length;
    const others = sockets.length - clients - upstream;
    return { clients, upstream, fileDescriptors: fileDescriptors - others, timers };
  }

  /** Waits until the proxy holds no connection at all; Node keeps idle ones to the API for 5 s. */
  async quiet(): Promise<Holdings> {
    for (
      const deadline = performance.now() + quietMs;
      performance.now() < deadline;
      await wait(50)
    ) {
      const { sockets } = await this.read(false);
      if (sockets.length === 0) return this.holdings();
    }
    throw new Error(`the proxy keeps connections: ${JSON.stringify(await this.holdings())}`);
  }

  /**
   * Waits until the proxy holds no more than before, or two seconds.
   *
   * @returns what it holds then in excess of it
   */
  async excess(before: Holdings): Promise<Partial<Holdings>> {
    for (const deadline = performance.now() + settleMs; ; await wait(20)) {
      const more = Object.entries(await this.holdings())
        .map(([name, count]) => [name, count - before[name as keyof Holdings]] as const)
        .filter(([, count]) => count > 0);
      if (more.length === 0 || performance.now() > deadline) return Object.fromEntries(more);
    }
  }

  /** All that went wrong so far: errors that nobody caught, warnings, no answer to `/health`. */
  async problems(): Promise<string[]> {
    if (this.#exitCode !== undefined) return [`exit ${this.#exitCode}`, ...this.#program.lines];
    const { status } = await ask(this.port, { host: 'localhost', path: '/health' });
    const { troubles } = await this.read(false);
    const logged = this.#program.lines.filter((line) => /process\.crash|"INTERNAL"/.test(line));
    return [...(status === 200 ? [] : [`health ${status}`]), ...troubles, ...logged];
  }

  /** Sends SIGTERM and waits until the stop has begun; gives what resolves with the exit code. */
  async stop(): Promise<{ readonly exit: Promise<number | null> }> {
    this.#program.child.kill('SIGTERM');
    await this.#program.line(/stop\.draining/);
    return { exit: this.#program.exit };
  }

  /** Ends the process at once, whatever state it is in. */
  async close(): Promise<void> {
    this.#program.child.kill('SIGKILL');
    await this.#program.exit;
    await this.daytona.close();
  }

  async #ended(): Promise<never> {
    const code = await this.#program.exit;
    throw new Error(`the proxy ended with ${code}:\n${this.#program.lines.slice(-5).join('\n')}`);
  }
}
