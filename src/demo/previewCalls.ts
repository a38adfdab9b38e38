import { Router } from 'express';
import { fail } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { onSandboxOf } from './onSandbox.ts';

/** The calls that give preview URLs, signed or with a token beside them. */
export function previewCalls({ sandboxes, faults, previewUrl }: ApiParts): Router {
  const router = Router();
  const onSandbox = onSandboxOf(sandboxes);

  router.get(
    '/sandbox/:id/ports/:port/preview-url',
    onSandbox<{ id: string; port: string }>((sandbox, req, res) => {
      const port = portOf(req.params.port);
      if (port === undefined) return fail(res, 400, 'Invalid port');
      const { id, renewed } = sandbox;
      const stale = renewed && performance.now() - renewed.at < faults.staleLookupMs;
      const url = previewUrl(id, port);
      const token = stale ? renewed.token : sandbox.token;
      return res.json({ sandboxId: id, url: faults.previewUrl?.(url) ?? url, token });
    }),
  );
  router.get(
    '/sandbox/:id/ports/:port/signed-preview-url',
    onSandbox<{ id: string; port: string }>((sandbox, req, res) => {
      const port = portOf(req.params.port);
      if (port === undefined) return fail(res, 400, 'Invalid port');
      const seconds = Number(req.query.expiresInSeconds ?? 60);
      if (!(seconds >= 1 && seconds <= 86_400)) return fail(res, 400, 'Invalid expiresInSeconds');
      const token = sandboxes.sign(sandbox, port, seconds);
      return res.json({ sandboxId: sandbox.id, port, token, url: previewUrl(token, port) });
    }),
  );
  router.post('/sandbox/:id/ports/:port/signed-preview-url/:token/expire', (req, res) => {
    sandboxes.expire(req.params.token);
    res.status(200).end();
  });
  return router;
}

function portOf(text: string): number | undefined {
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}
