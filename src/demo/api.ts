import express, { type Express, type RequestHandler, type Response, Router } from 'express';
import type { Faults } from './faults.ts';
import type { Sandbox, Sandboxes } from './sandboxes.ts';

/** One call that the API received. */
export interface ApiCall {
  readonly method: string;
  /** Path below the base, without the query: `/sandbox/abc`. */
  readonly path: string;
}

/** The people of the embedded Daytona, who log in at a provider. */
export interface People {
  readonly issuer: string;
  readonly clientId: string;
  /** Whether the holder of an access token may see a sandbox. */
  readonly mayAccess: (accessToken: string, sandboxId: string) => Promise<boolean>;
}

export interface ApiParts {
  readonly apiKey: string;
  readonly people: People | undefined;
  readonly sandboxes: Sandboxes;
  readonly faults: Faults;
  readonly onCall: (call: ApiCall) => void;
  /** `http://{port}-{label}.{domain}:{edgePort}` */
  readonly previewUrl: (label: string, port: number) => string;
}

/** Daytona's REST API, as much of it as a proxy and its SDK meet, under `/api`. */
export function createApi(parts: ApiParts): Express {
  const app = express();
  app.disable('x-powered-by');
  const calls = [publicCalls(parts), visitorCalls(parts), requireKey(parts.apiKey)];
  app.use('/api', misbehave(parts), ...calls, sandboxCalls(parts));
  app.use((req, res) => fail(res, 404, `Cannot ${req.method} ${req.path}`));
  return app;
}

/** Notes the call, then does what the switched-on faults ask for. */
function misbehave({ onCall, faults }: ApiParts): RequestHandler {
  return async (req, res, next) => {
    onCall({ method: req.method, path: req.path });
    if (faults.apiHang) return;
    if (faults.apiDelayMs > 0) await new Promise((done) => setTimeout(done, faults.apiDelayMs));
    if (faults.apiMalformed) {
      res.type('json').send('{"sandboxId": ');
    } else if (faults.apiStatus !== undefined) {
      if (faults.apiStatus === 429) {
        res.set('Retry-After-authenticated', String(faults.retryAfterSeconds));
      }
      fail(res, faults.apiStatus, 'a fault of the embedded Daytona');
    } else {
      next();
    }
  };
}

function publicCalls({ people }: ApiParts): Router {
  const router = Router();
  router.get('/health', (_req, res) => void res.json({ status: 'ok' }));
  router.get('/config', (_req, res) => {
    const { issuer = '', clientId = '' } = people ?? {};
    res.json({ version: 'embedded', oidc: { issuer, clientId, audience: '' } });
  });
  return router;
}

/** What people may ask with an access token of their own; with the key it is asked as always. */
function visitorCalls({ apiKey, people, sandboxes }: ApiParts): Router {
  const router = Router();
  router.get('/preview/:id/access', async (req, res, next) => {
    const token = req.get('authorization')?.replace(/^Bearer /, '') ?? '';
    if (!people || token === apiKey) return next();
    const sandbox = sandboxes.find(req.params.id);
    const may = sandbox !== undefined && (await people.mayAccess(token, sandbox.id));
    return may ? res.json(true) : fail(res, 404, 'Not found');
  });
  return router;
}

function requireKey(apiKey: string): RequestHandler {
  return (req, res, next) => {
    if (req.get('authorization') === `Bearer ${apiKey}`) next();
    else fail(res, 401, 'Unauthorized');
  };
}

function sandboxCalls({ sandboxes, faults, previewUrl }: ApiParts): Router {
  const router = Router();
  const describe = (sandbox: Sandbox) => describeSandbox(sandbox, previewUrl(sandbox.id, 2280));
  /** Finds the sandbox of a path; answers 404 itself. */
  const find = (res: Response, idOrName: string): Sandbox | undefined => {
    const sandbox = sandboxes.find(idOrName);
    if (!sandbox) fail(res, 404, `Sandbox with ID or name ${idOrName} not found`);
    return sandbox;
  };

  router.get('/sandbox', (_req, res) => {
    res.json({ items: sandboxes.list().map(describe), nextCursor: null });
  });
  router.get('/sandbox/:id', (req, res) => {
    const sandbox = find(res, req.params.id);
    if (sandbox) res.json(describe(sandbox));
  });
  router.delete('/sandbox/:id', (req, res) => {
    const sandbox = find(res, req.params.id);
    if (!sandbox) return;
    sandboxes.delete(sandbox);
    res.json(describe(sandbox));
  });
  router.post('/sandbox/:id/:action', (req, res, next) => {
    const { id, action } = req.params;
    const sandbox = find(res, id);
    if (!sandbox) return;
    if (action === 'last-activity') {
      sandbox.lastActivityAt = new Date().toISOString();
      res.status(201).end();
    } else if (action === 'start' || action === 'recover') {
      sandboxes.start(sandbox);
      res.json(describe(sandbox));
    } else if (action === 'stop' || action === 'archive') {
      sandboxes[action](sandbox);
      res.json(describe(sandbox));
    } else {
      next();
    }
  });
  router.get('/sandbox/:id/ports/:port/:kind', (req, res, next) => {
    const sandbox = find(res, req.params.id);
    if (!sandbox) return;
    const port = Number(req.params.port);
    if (!(port >= 1 && port <= 65_535)) return fail(res, 400, 'Invalid port');
    const { id, renewed } = sandbox;
    if (req.params.kind === 'preview-url') {
      const stale = renewed && Date.now() - renewed.at < faults.staleLookupMs;
      const url = previewUrl(id, port);
      const token = stale ? renewed.token : sandbox.token;
      res.json({ sandboxId: id, url: faults.previewUrl?.(url) ?? url, token });
    } else if (req.params.kind === 'signed-preview-url') {
      const seconds = Number(req.query.expiresInSeconds ?? 60);
      if (!(seconds >= 1 && seconds <= 86_400)) return fail(res, 400, 'Invalid expiresInSeconds');
      const token = sandboxes.sign(sandbox, port, seconds);
      res.json({ sandboxId: id, port, token, url: previewUrl(token, port) });
    } else {
      next();
    }
  });
  router.post('/sandbox/:id/ports/:port/signed-preview-url/:token/expire', (req, res) => {
    sandboxes.expire(req.params.token);
    res.status(200).end();
  });
  router.get('/preview/:id/access', (req, res) => {
    if (find(res, req.params.id)) res.json(true);
  });
  return router;
}

/** A sandbox as the API shows it, with an `env` that no client should keep. */
function describeSandbox(sandbox: Sandbox, toolboxUrl: string) {
  const { id, name, state, public: isPublic, labels, lastActivityAt, errorReason } = sandbox;
  return {
    id,
    name,
    state,
    desiredState: state,
    public: isPublic,
    labels,
    errorReason,
    lastActivityAt,
    recoverable: false,
    autoStopInterval: 15,
    organizationId: 'embedded',
    target: 'local',
    snapshot: 'embedded',
    user: 'daytona',
    env: { APP_SECRET: 'only-the-sandbox-may-know' },
    toolboxProxyUrl: toolboxUrl,
    cpu: 1,
    gpu: 0,
    memory: 1,
    disk: 1,
  };
}

function fail(res: Response, statusCode: number, message: string): void {
  res.status(statusCode).json({
    statusCode,
    message,
    error: `HTTP ${statusCode}`,
    timestamp: new Date().toISOString(),
    path: res.req.originalUrl,
  });
}
