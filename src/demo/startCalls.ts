import { type Response, Router } from 'express';
import { fail, failOnPurpose } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { onSandboxOf } from './onSandbox.ts';
import type { Sandbox } from './sandbox.ts';
import { readinessOf } from './states.ts';

/** The calls that start and stop sandboxes; a start is waited for. */
export function startCalls({ sandboxes, starts, faults, describe }: ApiParts): Router {
  const router = Router();
  const onSandbox = onSandboxOf(sandboxes);
  const inProgress = (res: Response) => fail(res, 409, 'Sandbox state change in progress');

  /** Answers when the sandbox is started, or for a start that takes longer with what there is. */
  const answerWhenStarted = async (sandbox: Sandbox, res: Response) => {
    const gone = new AbortController();
    res.once('close', () => gone.abort());
    const waited = AbortSignal.timeout(faults.startAnswerMs);
    await starts.settled(sandbox, AbortSignal.any([gone.signal, waited]));
    if (gone.signal.aborted) return;
    const failed = sandbox.state === 'error' || sandbox.state === 'build_failed';
    if (failed) fail(res, 400, `Sandbox failed to start: ${sandbox.errorReason}`);
    else res.json(describe(sandbox));
  };

  router.post(
    '/sandbox/:id/start',
    onSandbox((sandbox, _req, res) => {
      if (faults.startStatus !== undefined) {
        return failOnPurpose(res, faults.startStatus, faults.retryAfterSeconds);
      }
      const readiness = readinessOf(sandbox.state);
      if (readiness === 'changing') return inProgress(res);
      if (readiness === 'invalid') return fail(res, 400, 'Sandbox is not in a valid state');
      if (readiness === 'startable') starts.start(sandbox);
      return answerWhenStarted(sandbox, res);
    }),
  );
  router.post(
    '/sandbox/:id/recover',
    onSandbox((sandbox, _req, res) => {
      if (readinessOf(sandbox.state) === 'changing') return inProgress(res);
      if (!sandbox.recoverable) return fail(res, 400, 'Sandbox is not recoverable');
      starts.recover(sandbox);
      return answerWhenStarted(sandbox, res);
    }),
  );
  router.post(
    '/sandbox/:id/stop',
    onSandbox((sandbox, _req, res) => {
      const readiness = readinessOf(sandbox.state);
      if (readiness === 'changing') return inProgress(res);
      if (readiness === 'invalid') return fail(res, 400, 'Sandbox is not in a valid state');
      if (readiness === 'started' || sandbox.state === 'paused') starts.stop(sandbox);
      return res.json(describe(sandbox));
    }),
  );
  return router;
}
