import { buildInfo } from './builds.ts';
import type { Sandbox } from './sandbox.ts';

/** A sandbox as the API and the events show it, with an `env` that no client should keep. */
export function describeSandbox(sandbox: Sandbox, toolboxUrl: string) {
  const { id, name, state, desiredState, errorReason, recoverable, createdAt, lastActivityAt } =
    sandbox;
  const { labels, networkBlockAll, networkAllowList, domainAllowList, snapshotRef } = sandbox;
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
    autoStopInterval: 15,
    organizationId: 'embedded',
    target: 'local',
    snapshot: 'embedded',
    user: 'daytona',
    env: { APP_SECRET: 'only-the-sandbox-may-know' },
    ...(snapshotRef !== undefined && { buildInfo: buildInfo(snapshotRef, createdAt) }),
    toolboxProxyUrl: toolboxUrl,
    cpu: 1,
    gpu: 0,
    memory: 1,
    disk: 1,
  };
}

export type SandboxDescription = ReturnType<typeof describeSandbox>;
