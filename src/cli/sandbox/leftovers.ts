import type { Sandbox } from '@daytonaio/sdk';
import { CommandError, explain } from '../failure.ts';
import { called } from '../name.ts';

/** What a creation leaves behind that does not come to its end. */
export class Leftovers {
  readonly #name: string;
  #asked = false;
  #sandbox: Sandbox | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  /** From now on there may be a sandbox. */
  asked(): void {
    this.#asked = true;
  }

  /** From now on there is one. */
  made(sandbox: Sandbox): void {
    this.#sandbox = sandbox;
  }

  /** Says with an error what there is now, and how to be rid of it. */
  async toldWith(error: unknown, apiUrl: string): Promise<unknown> {
    if (!this.#asked) return error;
    const { message, facts } = await explain(error, apiUrl);
    const { statusCode } = error as { statusCode?: number };
    const name = this.#name;
    if (this.#sandbox) {
      const { id } = this.#sandbox;
      return new CommandError(
        `${message}\n\nThe sandbox ${name} exists: ${id}\n` +
          `  look into it   ${called(`sandbox test ${id}`)}\n` +
          `  delete it      ${called(`sandbox delete ${id}`)}`,
        { ...facts, sandbox: { id, name } },
      );
    }
    const refused = statusCode !== undefined && statusCode < 500 && statusCode !== 408;
    if (refused) return error;
    return new CommandError(
      `${message}\n\nA sandbox named ${name} may exist, in the making or failed:\n` +
        `  look for it    ${called(`sandbox list`)}\n` +
        `  delete it      ${called(`sandbox delete ${name}`)}`,
      { ...facts, sandbox: { name } },
    );
  }
}

/** Says with an error that a sandbox which was to be started may run now, and how to stop it. */
export async function toldOfStart(
  { id, name }: Sandbox,
  error: unknown,
  apiUrl: string,
): Promise<CommandError> {
  const { message, facts } = await explain(error, apiUrl);
  return new CommandError(
    `${message}\n\n${name} was asked to start, and may run: ${id}\n` +
      `  look into it   ${called(`sandbox test ${id}`)}\n` +
      `  stop it        ${called(`sandbox stop ${id}`)}`,
    { ...facts, sandbox: { id, name } },
  );
}

/** Rejects at Ctrl-C, or as soon as somebody else wants the process to end. */
export function interruption(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => reject(new CommandError('Interrupted.', { signal })));
    }
  });
}
