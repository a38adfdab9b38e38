import { buildInfo } from './builds.ts';
import type { Sandbox } from './sandbox.ts';

/** A sandbox as the API and the events show it, with an `env` that no client should keep. */
export function describeSandbox(sandbox: Sandbox, toolboxUrl: string) {
  const { id, name, state, desiredState, errorReason, recoverable, createdAt, lastActivityAt } =
    sandbox;
  const { labels, networkBlockAll, networkAllowList, domainAllowList, snapshotRef } = sandbox;
  const { source, env, cpu, memory, disk, autoStopInterval, outboundProxyUrl } = sandbox;
  return {
    id,
    name,
    state,
    desiredState,
    public: sandbox.public,
    labels,
    errorReason,
    recoverable,
    createdAt,
    lastActivityAt,
    networkBlockAll,
    networkAllowList,
    domainAllowList,
    outboundProxyUrl,
    autoStopInterval,
    organizationId: 'embedded',
    target: 'local',
    snapshot: source,
    user: 'daytona',
    env,
    ...(snapshotRef !== undefined && { buildInfo: buildInfo(snapshotRef, createdAt) }),
    toolboxProxyUrl: toolboxUrl,
    cpu,
    gpu: 0,
    memory,
    disk,
  };
}

export type SandboxDescription = ReturnType<typeof describeSandbox>;
