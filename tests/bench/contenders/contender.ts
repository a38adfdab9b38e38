import { firstAnswer } from '../rig/ask.ts';
import { freePort, type Program, type ProgramOptions, startProgram } from '../rig/program.ts';
import { smallBody } from '../rig/upstreams.ts';

/** A proxy that can take part. */
export interface Contender {
  readonly id: string;
  /** The head of its column. */
  readonly name: string;
  /** What is not stock, or worth knowing of what is. */
  readonly setup: string;
  /** undefined where it is not installed */
  version(): string | undefined;
  /** Starts it in front of an upstream on loopback; resolves at its first answer. */
  start(upstreamPort: number, cores: string | undefined): Promise<Running>;
}

export interface Running {
  readonly port: number;
  /** undefined for no process at all */
  readonly pid: number | undefined;
  /** From the start of its process to its first answer. */
  readonly firstAnswerMs: number;
  /** What it said last, if it has ended though nobody ended it. */
  lastWords?(): string | undefined;
  /** Access lines that it has written so far, where that is to be checked. */
  accessLines?(): Promise<number>;
  stop(): Promise<void>;
}

export interface Launched extends Running {
  readonly pid: number;
  readonly program: Program;
}

/** Starts a contender's program on a free port and waits for its first answer. */
export async function launch(
  file: string,
  args: (port: number) => readonly string[],
  options: (port: number) => ProgramOptions,
): Promise<Launched> {
  const port = await freePort();
  const [programArgs, programOptions] = [args(port), options(port)];
  const startedAt = performance.now();
  const program = startProgram(file, programArgs, programOptions);
  try {
    await firstAnswer(port, '/small', smallBody, () => program.ended);
  } catch (error) {
    await program.stop();
    throw new Error(`${(error as Error).message}; it said: ${program.lastWords()}`);
  }
  const firstAnswerMs = performance.now() - startedAt;
  const lastWords = () => (program.ended ? program.lastWords() : undefined);
  return { port, pid: program.pid, program, firstAnswerMs, lastWords, stop: program.stop };
}
