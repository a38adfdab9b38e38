import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Sandbox, Sandboxes } from '../sandboxes.ts';
import { SessionCommand } from './command.ts';

/** The commands of a session by their ids, in the order in which they were given. */
export type Session = Map<string, SessionCommand>;

interface Machine {
  readonly folder: string;
  readonly sessions: Map<string, Session>;
}

/**
 * The sessions of all sandboxes. Their commands really run: as processes of this machine, in a
 * temporary folder that is also their home, on the ports that they say. They end with the sandbox.
 */
export class Sessions {
  readonly #searchPath: string;
  readonly #machines = new Map<string, Machine>();

  /** @param searchPath where commands find programs, beside this very Node */
  constructor(sandboxes: Sandboxes, searchPath: string) {
    this.#searchPath = [searchPath, dirname(process.execPath)].join(delimiter);
    sandboxes.on('state', (sandbox) => {
      if (sandbox.state !== 'started' && sandbox.state !== 'creating') this.#end(sandbox);
    });
  }

  /** @returns false where there is one of that id */
  create(sandbox: Sandbox, sessionId: string): boolean {
    const { sessions } = this.#machineOf(sandbox);
    if (sessions.has(sessionId)) return false;
    sessions.set(sessionId, new Map());
    return true;
  }

  of({ id }: Sandbox): ReadonlyMap<string, Session> {
    return this.#machines.get(id)?.sessions ?? new Map();
  }

  /** Begins a command; unlike in the real one's shell, those of a session do not wait for each other. */
  run(sandbox: Sandbox, session: Session, command: string): SessionCommand {
    const { folder } = this.#machineOf(sandbox);
    const env = { PATH: this.#searchPath, HOME: folder, LANG: 'C.UTF-8', ...sandbox.env };
    const started = new SessionCommand(command, folder, env);
    session.set(started.id, started);
    sandbox.runsHere = true;
    return started;
  }

  delete(sandbox: Sandbox, sessionId: string): boolean {
    const session = this.of(sandbox).get(sessionId);
    for (const command of session?.values() ?? []) command.kill();
    return this.#machines.get(sandbox.id)?.sessions.delete(sessionId) ?? false;
  }

  /** Ends every command. */
  close(): void {
    for (const { folder, sessions } of this.#machines.values()) {
      end(sessions);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
    this.#machines.clear();
  }

  #machineOf({ id }: Sandbox): Machine {
    let machine = this.#machines.get(id);
    if (!machine) {
      // Not by the sandbox's name, which may be the path of another folder.
      machine = { folder: mkdtempSync(join(tmpdir(), 'sandbox-')), sessions: new Map() };
      this.#machines.set(id, machine);
    }
    return machine;
  }

  /** Sessions end with the sandbox's processes, and are not there any more when it starts again. */
  #end(sandbox: Sandbox): void {
    const machine = this.#machines.get(sandbox.id);
    sandbox.runsHere = false;
    if (!machine) return;
    end(machine.sessions);
    machine.sessions.clear();
    if (sandbox.state !== 'destroyed') return;
    rmSync(machine.folder, { recursive: true, force: true, maxRetries: 3 });
    this.#machines.delete(sandbox.id);
  }
}

function end(sessions: ReadonlyMap<string, Session>): void {
  for (const session of sessions.values()) {
    for (const command of session.values()) command.kill();
  }
}
