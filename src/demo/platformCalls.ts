import { randomUUID } from 'node:crypto';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { fail } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { describeRunner, type Runner } from './runner.ts';

/**
 * The calls of the platform's own proxy, which its key opens and nothing else does. That key opens
 * no other call: whatever it asks for is answered here.
 */
export function platformCalls(parts: ApiParts): Router {
  const router = Router();
  const { apiKey, proxyKey, sandboxes } = parts;
  const calls = ownCalls(parts);
  const isFor = (key: string, req: Request) => req.get('authorization') === `Bearer ${key}`;
  const forbid: RequestHandler = (_req, res) => fail(res, 403, 'Forbidden resource');

  for (const [path, answer] of calls) {
    router.get(path, (req, res, next) => {
      if (isFor(proxyKey, req)) answer(req, res);
      else if (isFor(apiKey, req)) forbid(req, res, next);
      else next();
    });
  }
  router.post('/sandbox/:id/last-activity', (req, res, next) => {
    if (!isFor(proxyKey, req)) return next();
    const sandbox = sandboxes.byId(req.params.id);
    if (!sandbox) return fail(res, 404, 'Sandbox not found');
    sandbox.lastActivityAt = new Date().toISOString();
    return res.status(201).end();
  });
  router.use((req, res, next) => {
    if (isFor(proxyKey, req)) forbid(req, res, next);
    else next();
  });
  return router;
}

type Call = (req: Request, res: Response) => void;

function ownCalls({ sandboxes, runners }: ApiParts): [path: string, answer: Call][] {
  const yes = (holds: boolean, res: Response) => {
    if (holds) res.json(true);
    else fail(res, 404, 'Not found');
  };
  const show = (runner: Runner | undefined, res: Response) => {
    if (runner) res.json(describeRunner(runner));
    else fail(res, 404, 'Runner not found');
  };
  return [
    [
      '/preview/:id/public',
      (req, res) => yes(sandboxes.byId(one(req, 'id'))?.public === true, res),
    ],
    [
      '/preview/:id/validate/:token',
      (req, res) => {
        const sandbox = sandboxes.byId(one(req, 'id'));
        const token = one(req, 'token');
        const signed = sandboxes.signed(token)?.sandboxId;
        yes(sandbox !== undefined && (sandbox.token === token || signed === sandbox.id), res);
      },
    ],
    [
      '/preview/:token/:port/sandbox-id',
      (req, res) => {
        const signed = sandboxes.signed(one(req, 'token'));
        if (signed && String(signed.port) === one(req, 'port')) {
          res.type('text').send(signed.sandboxId);
        } else fail(res, 404, 'Not found');
      },
    ],
    [
      '/runners/by-sandbox/:id',
      (req, res) => {
        const sandbox = sandboxes.byId(one(req, 'id'));
        show(sandbox && runners.of(sandbox), res);
      },
    ],
    ['/runners/:id/full', (req, res) => show(runners.find(one(req, 'id')), res)],
    [
      '/runners/by-snapshot-ref',
      (req, res) => {
        const holders = runners.holding(String(req.query.ref));
        res.json(holders.map(({ id: runnerId }) => ({ runnerSnapshotId: randomUUID(), runnerId })));
      },
    ],
  ];
}

/** A part of the path, by its name. */
function one({ params }: Request, name: string): string {
  return String(params[name]);
}
