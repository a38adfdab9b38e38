import { randomBytes } from 'node:crypto';
import type { CreateSandboxFromImageParams, CreateSandboxFromSnapshotParams } from '@daytonaio/sdk';
import { openCodeOn } from '../background.ts';
import { UsageError } from '../failure.ts';

/** What was said on the command line of `sandbox create`. */
export interface CreateOptions {
  readonly image?: string;
  readonly snapshot?: string;
  readonly name?: string;
  readonly port: number;
  readonly command?: string;
  readonly public?: boolean;
  readonly label?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly cpu?: number;
  readonly memory?: number;
  readonly disk?: number;
  readonly autoStop: number;
  readonly allowDomain?: readonly string[];
  readonly allowNetwork?: readonly string[];
  readonly egress?: boolean;
  readonly timeout: number;
  readonly wait: number;
}

export interface Wish {
  /** Given even where nobody asked for one: what is cut off in the middle is found by it. */
  readonly name: string;
  readonly command: string;
  readonly params: CreateSandboxFromSnapshotParams | CreateSandboxFromImageParams;
}

/**
 * Puts together what is asked of Daytona.
 *
 * @throws UsageError for what does not go together
 */
export function wishOf(options: CreateOptions): Wish {
  const { image, snapshot, port, cpu, memory, disk, autoStop, allowDomain, allowNetwork } = options;
  const texts = { name: options.name, command: options.command };
  const resources = {
    ...(cpu !== undefined && { cpu }),
    ...(memory !== undefined && { memory }),
    ...(disk !== undefined && { disk }),
  };
  // What an empty variable of a script leaves behind would be noticed once the sandbox costs.
  for (const [option, value] of Object.entries({ image, snapshot, ...texts })) {
    if (value === '') throw new UsageError(`--${option} is empty.`);
  }
  if (image !== undefined && snapshot !== undefined) {
    throw new UsageError('Say --image or --snapshot, not both.');
  }
  if (image === undefined && Object.keys(resources).length > 0) {
    throw new UsageError(
      '--cpu, --memory and --disk go with --image alone: a snapshot has its own sizes.',
    );
  }
  const command = options.command ?? openCodeOn(port);
  const name = options.name ?? `opencode-${randomBytes(3).toString('hex')}`;
  const common = {
    name,
    public: options.public ?? false,
    labels: options.label ?? {},
    envVars: options.env ?? {},
    autoStopInterval: autoStop,
    ...(allowDomain && { domainAllowList: allowDomain.join(',') }),
    ...(allowNetwork && { networkAllowList: allowNetwork.join(',') }),
  };
  const params =
    image === undefined
      ? { ...common, ...(snapshot !== undefined && { snapshot }) }
      : { ...common, image, resources };
  return { name, command, params };
}
