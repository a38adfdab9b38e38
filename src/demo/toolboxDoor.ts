import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Admitted } from './carrier.ts';
import { isUp, refuse } from './sandboxDoor.ts';
import type { Sandboxes } from './sandboxes.ts';
import { type SessionsDoor, toSessions } from './sessions/door.ts';

/** The address that the SDK speaks to toolboxes at: a host without a sandbox in it. */
export interface ToolboxDoor {
  readonly apiKey: string;
  readonly sandboxes: Sandboxes;
  readonly sessions: SessionsDoor;
}

const toolboxPath = /^\/toolbox\/([^/?]+)(\/process\/session(?=[/?]|$).*)$/;

/** Lets the holder of the API key speak to the toolbox of any sandbox that is started. */
export function admitToToolbox(
  req: IncomingMessage,
  res: ServerResponse,
  { apiKey, sandboxes, sessions }: ToolboxDoor,
): Admitted | undefined {
  const [, id = '', rest = ''] = toolboxPath.exec(req.url ?? '/') ?? [];
  if (id === '') return refuse(res, 404, 'not found');
  if (req.headers.authorization !== `Bearer ${apiKey}`) {
    return refuse(res, 401, 'unauthorized: authentication failed: Bearer token is invalid');
  }
  const sandbox = sandboxes.byId(id);
  if (!sandbox || sandbox.foreign) return refuse(res, 404, 'sandbox container not found');
  if (!isUp(sandbox, res)) return undefined;
  return toSessions(sessions, id, rest, req.rawHeaders);
}
