import { type RunningProxy, startProxy } from './assembly.ts';
import { type Config, readConfig } from './config/config.ts';
import { variables } from './config/variables.ts';
import { announce } from './lifecycle/announce.ts';
import { runProgram } from './lifecycle/runProgram.ts';

/** Runs the proxy; see `runProgram`. */
export function serve(format?: 'json'): Promise<void> {
  const program = { variables, read: readConfig, start: startProxy, announce };
  return runProgram<Config, RunningProxy>(program, format);
}
