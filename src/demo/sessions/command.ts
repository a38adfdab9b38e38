import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { ProcessGroup } from '../processGroup.ts';

/** Some output, and where the command wrote it to. */
export interface Piece {
  readonly from: 'stdout' | 'stderr';
  readonly bytes: Buffer;
}

const maxLogBytes = 1_048_576;
const lastWordsMs = 200;

/** One command of a session: a process of this machine, and all that it starts. */
export class SessionCommand extends EventEmitter<{ piece: [Piece]; exit: [] }> {
  readonly id = randomUUID();
  readonly command: string;
  readonly #group: ProcessGroup;
  #pieces: Piece[] = [];
  #bytes = 0;
  #exitCode: number | undefined;

  constructor(command: string, folder: string, env: Readonly<Record<string, string>>) {
    super();
    this.setMaxListeners(0); // One for each reader that follows.
    this.command = command;
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: folder,
      env,
      detached: true, // A group of its own, so that its children can be ended with it.
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#group = new ProcessGroup(child);
    child.stdout?.on('data', (bytes: Buffer) => this.#note({ from: 'stdout', bytes }));
    child.stderr?.on('data', (bytes: Buffer) => this.#note({ from: 'stderr', bytes }));
    child.once('error', () => this.#end(127));
    // Its last words may come after its end; but what it left behind can hold the pipes for ever.
    child.once('exit', (code) => {
      const end = () => this.#end(code ?? 137);
      child.once('close', end);
      setTimeout(end, lastWordsMs).unref();
    });
  }

  /** Undefined while it runs. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  /** Its output so far; where that is much, the end of it. */
  get pieces(): readonly Piece[] {
    return this.#pieces;
  }

  text(from?: Piece['from']): string {
    const pieces = this.#pieces.filter((piece) => from === undefined || piece.from === from);
    return Buffer.concat(pieces.map(({ bytes }) => bytes)).toString();
  }

  /** Ends it and all that it has started. */
  kill(): void {
    this.#group.end();
  }

  #note(piece: Piece): void {
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.length;
    while (this.#bytes > maxLogBytes && this.#pieces.length > 1) {
      this.#bytes -= this.#pieces.shift()?.bytes.length ?? 0;
    }
    this.emit('piece', piece);
  }

  #end(code: number): void {
    if (this.#exitCode !== undefined) return;
    this.#exitCode = code;
    this.emit('exit');
  }
}
