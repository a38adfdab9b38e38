import { type RunningProxy, startProxy } from './assembly.ts';
import { type Config, readConfig } from './config/config.ts';
import { variables } from './config/variables.ts';
import { announce } from './lifecycle/announce.ts';
import { runService } from './lifecycle/service.ts';

/** Runs the proxy; see `runService`. */
export function serve(format?: 'json'): Promise<void> {
  const service = { variables, read: readConfig, start: startProxy, announce };
  return runService<Config, RunningProxy>(service, format);
}
