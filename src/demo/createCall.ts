import express, { Router } from 'express';
import { z } from 'zod';
import { fail } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';

const texts = z.record(z.string(), z.string());
const size = z.int().min(1).max(64);

const createBody = z.object({
  name: z.string().min(1).optional(),
  snapshot: z.string().optional(),
  buildInfo: z.object({ dockerfileContent: z.string() }).optional(),
  env: texts.optional(),
  labels: texts.optional(),
  public: z.boolean().optional(),
  cpu: size.optional(),
  memory: size.optional(),
  disk: size.optional(),
  autoStopInterval: z.int().min(0).optional(),
  domainAllowList: z.string().optional(),
  networkAllowList: z.string().optional(),
  outboundProxyUrl: z.string().optional(),
});

/** The call that makes a sandbox. What it is made of is noted and nothing else: no image is run. */
export function createCall({ sandboxes, starts, describe }: ApiParts): Router {
  const router = Router();
  router.post('/sandbox', express.json(), (req, res) => {
    const { data, error } = createBody.safeParse(req.body);
    if (!data) return fail(res, 400, error?.issues[0]?.message ?? 'Bad Request');
    const { buildInfo, snapshot, ...facts } = data;
    const sized = data.cpu ?? data.memory ?? data.disk;
    if (sized !== undefined && !buildInfo) {
      return fail(res, 400, 'Cannot specify Sandbox resources when using a snapshot');
    }
    if (data.name !== undefined && sandboxes.find(data.name)) {
      return fail(res, 409, `Sandbox with name ${data.name} already exists`);
    }
    const image = buildInfo?.dockerfileContent.replace(/^FROM /, '').trim();
    const given = Object.entries(facts).filter(([, value]) => value !== undefined);
    const sandbox = sandboxes.create({
      ...Object.fromEntries(given),
      state: 'creating',
      source: image ?? snapshot ?? 'embedded',
    });
    starts.create(sandbox);
    return res.status(200).json(describe(sandbox));
  });
  return router;
}
