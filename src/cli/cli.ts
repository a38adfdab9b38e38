import type { Command } from 'commander';
import { type Config, readConfig } from '../config/config.ts';
import { environment } from '../config/environment.ts';
import { printableJson, write } from './printable.ts';

/** What a command speaks through: results on standard output, all else on standard error. */
export class Cli {
  /** Whether the result is to be one JSON object. */
  readonly json: boolean;
  #config: Config | undefined;

  constructor(json: boolean) {
    this.json = json;
  }

  /**
   * The configuration of the proxy, of the same environment and `.env`.
   *
   * @throws ConfigError
   */
  get config(): Config {
    this.#config ??= readConfig(environment());
    return this.#config;
  }

  /** Tells a person how it goes. */
  progress(line: string): void {
    write(process.stderr, `${line}\n`);
  }

  /** Gives the result: as it is to programs, in words to people. */
  result(value: object, text: string): void {
    write(process.stdout, `${this.json ? printableJson(value) : text}\n`);
  }
}

/** Does what a command is for, with what was given to it. */
export type Run<Options> = (
  cli: Cli,
  operands: readonly (string | undefined)[],
  options: Options,
) => Promise<void>;

/** Makes what commander calls of what a command does. */
export function action<Options>(run: Run<Options>): (...given: unknown[]) => Promise<void> {
  return (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<Options & { json?: boolean }>();
    const operands = given.slice(0, -2) as (string | undefined)[];
    return run(new Cli(options.json === true), operands, options);
  };
}
