import { Router } from 'express';
import type { ApiParts } from './apiParts.ts';
import { onSandboxOf } from './onSandbox.ts';

/** The labels that a list is asked for, as JSON; none where that says none. */
function labelsOf(text: unknown): Record<string, unknown> {
  try {
    return Object(JSON.parse(String(text)));
  } catch {
    return {};
  }
}

/** The calls on sandboxes that are answered at once. */
export function sandboxCalls({ sandboxes, describe }: ApiParts): Router {
  const router = Router();
  const onSandbox = onSandboxOf(sandboxes);

  router.get('/sandbox', (req, res) => {
    const wanted = Object.entries(labelsOf(req.query.labels));
    const fitting = sandboxes
      .list()
      .filter(({ labels }) => wanted.every(([name, value]) => labels[name] === value));
    res.json({ items: fitting.map(describe), nextCursor: null });
  });
  router.get(
    '/sandbox/:id',
    onSandbox((sandbox, _req, res) => res.json(describe(sandbox))),
  );
  router.delete(
    '/sandbox/:id',
    onSandbox((sandbox, _req, res) => {
      sandboxes.delete(sandbox);
      res.json(describe(sandbox));
    }),
  );
  router.post(
    '/sandbox/:id/archive',
    onSandbox((sandbox, _req, res) => {
      sandboxes.archive(sandbox);
      res.json(describe(sandbox));
    }),
  );
  router.post(
    '/sandbox/:id/last-activity',
    onSandbox((sandbox, _req, res) => {
      sandbox.lastActivityAt = new Date().toISOString();
      res.status(201).end();
    }),
  );
  router.get(
    '/preview/:id/access',
    onSandbox((_sandbox, _req, res) => res.json(true)),
  );
  return router;
}
