import { type Answer, type Ask, ask } from './client.ts';
import { type Program, startProgram } from './program.ts';

/** One of several proxies, in a process of its own, which can be started anew on its port. */
export class Instance {
  readonly port: number;
  readonly #env: Record<string, string>;
  #program: Program;

  constructor(port: number, env: Record<string, string>) {
    this.port = port;
    this.#env = { ...env, PORT: String(port) };
    this.#program = startProgram(this.#env);
  }

  /** Resolves once it listens. */
  async up(): Promise<void> {
    await this.#program.line(/start.listening/);
  }

  async start(): Promise<void> {
    this.#program = startProgram(this.#env);
    await this.up();
  }

  /** As `systemctl stop` does; resolves with the exit code. */
  stop(): Promise<number | null> {
    this.#program.child.kill('SIGTERM');
    return this.#program.exit;
  }

  /** As a machine that loses its power. */
  async kill(): Promise<void> {
    this.#program.child.kill('SIGKILL');
    await this.#program.exit;
  }

  /** Paths that it has answered with 200 since it was started, by its own log. */
  answered(): Set<string> {
    const lines = this.#program.lines.filter((line) => line.includes('"event":"access"'));
    const entries = lines.map((line) => JSON.parse(line) as { path: string; status: number });
    return new Set(entries.filter(({ status }) => status === 200).map(({ path }) => path));
  }

  /** Without Nginx. */
  ask(what: Ask): Promise<Answer> {
    return ask(this.port, what);
  }

  /** What `/ready` says. */
  async readiness(): Promise<{ status: number; store: string }> {
    const { status, body } = await this.ask({ host: 'localhost', path: '/ready' });
    return { status, store: JSON.parse(body).store };
  }
}
