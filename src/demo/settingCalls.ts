import express, { Router } from 'express';
import { z } from 'zod';
import { fail } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { onSandboxOf } from './onSandbox.ts';

const labelsBody = z.object({ labels: z.record(z.string(), z.string()) });

const networkBody = z.object({
  networkBlockAll: z.boolean().optional(),
  networkAllowList: z.string().optional(),
  domainAllowList: z.string().optional(),
});

/** The calls that set what a sandbox is called and whom it may talk to. */
export function settingCalls({ sandboxes, describe }: ApiParts): Router {
  const router = Router();
  const onSandbox = onSandboxOf(sandboxes);
  const json = express.json();

  router.put(
    '/sandbox/:id/labels',
    json,
    onSandbox((sandbox, req, res) => {
      const { data } = labelsBody.safeParse(req.body);
      if (!data) return fail(res, 400, 'labels must be texts by name');
      sandbox.labels = data.labels; // Replaced, as the real ones are: none is kept.
      return res.json(describe(sandbox));
    }),
  );
  router.post(
    '/sandbox/:id/network-settings',
    json,
    onSandbox((sandbox, req, res) => {
      const { data } = networkBody.safeParse(req.body);
      if (!data) return fail(res, 400, 'Invalid network settings');
      Object.assign(sandbox, data); // What is not given stays as it is.
      return res.json(describe(sandbox));
    }),
  );
  return router;
}
