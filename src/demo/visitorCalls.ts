import { type RequestHandler, Router } from 'express';
import { fail } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { describeSnapshot } from './builds.ts';

/** What people may ask with an access token of their own; with the key it is asked as always. */
export function visitorCalls({ apiKey, people, sandboxes, builds, describe }: ApiParts): Router {
  const router = Router();

  /** Answers with what `find` has, if there is such a thing and the visitor may access it. */
  const show = <T extends { id: string }>(
    find: (id: string) => T | undefined,
    view: (found: T) => unknown,
  ): RequestHandler<{ id: string }> => {
    return async (req, res, next) => {
      const token = req.get('authorization')?.replace(/^Bearer /, '') ?? '';
      if (!people || token === apiKey) return next();
      const found = find(req.params.id);
      const may = found !== undefined && (await people.mayAccess(token, found.id));
      return may ? res.json(view(found)) : fail(res, 404, 'Not found');
    };
  };
  const sandbox = (id: string) => sandboxes.find(id);
  router.get(
    '/preview/:id/access',
    show(sandbox, () => true),
  );
  router.get('/sandbox/:id', show(sandbox, describe));
  router.get(
    '/snapshots/:id',
    show((id) => builds.find(id), describeSnapshot),
  );
  return router;
}
