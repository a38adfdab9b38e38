import { Router } from 'express';
import { fail } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { describeSnapshot } from './builds.ts';

/** The calls on snapshots. */
export function snapshotCalls({ builds }: ApiParts): Router {
  const router = Router();
  router.get('/snapshots/:id', (req, res) => {
    const build = builds.find(req.params.id);
    if (build) res.json(describeSnapshot(build));
    else fail(res, 404, `Snapshot with ID ${req.params.id} not found`);
  });
  return router;
}
