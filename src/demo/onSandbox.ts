import type { Request, RequestHandler, Response } from 'express';
import { fail } from './apiError.ts';
import type { Sandbox } from './sandbox.ts';
import type { Sandboxes } from './sandboxes.ts';

/** Makes the handler of a call on one sandbox, which its path names by id or by name. */
export type OnSandbox = <P extends { id: string }>(
  handle: (sandbox: Sandbox, req: Request<P>, res: Response) => unknown,
) => RequestHandler<P>;

/** Answers 404 itself where there is no such sandbox. */
export function onSandboxOf(sandboxes: Sandboxes): OnSandbox {
  return (handle) => async (req, res) => {
    const { id } = req.params;
    const sandbox = sandboxes.find(id);
    if (sandbox && !sandbox.foreign) await handle(sandbox, req, res);
    else fail(res, 404, `Sandbox with ID or name ${id} not found`);
  };
}
