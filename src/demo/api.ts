import express, { type Express, type RequestHandler, Router } from 'express';
import type { ApiCall } from './apiCalls.ts';
import { fail, failOnPurpose } from './apiError.ts';
import type { ApiParts } from './apiParts.ts';
import { createCall } from './createCall.ts';
import { platformCalls } from './platformCalls.ts';
import { previewCalls } from './previewCalls.ts';
import { sandboxCalls } from './sandboxCalls.ts';
import { settingCalls } from './settingCalls.ts';
import { snapshotCalls } from './snapshotCalls.ts';
import { startCalls } from './startCalls.ts';
import { visitorCalls } from './visitorCalls.ts';

/** Daytona's REST API, as much of it as a proxy and its SDK meet, under `/api`. */
export function createApi(parts: ApiParts): Express {
  const app = express();
  app.disable('x-powered-by');
  // Events have a server of their own; where there is none, nobody has called the API by asking.
  app.use('/api/socket.io', (_req, res) => fail(res, 404, 'No events here'));
  app.use('/api', note(parts), misbehave(parts));
  app.use(
    '/api',
    publicCalls(parts),
    platformCalls(parts),
    visitorCalls(parts),
    requireKey(parts.apiKey),
  );
  app.use('/api', startCalls(parts), settingCalls(parts), previewCalls(parts), sandboxCalls(parts));
  app.use('/api', createCall(parts), snapshotCalls(parts));
  app.use((req, res) => fail(res, 404, `Cannot ${req.method} ${req.path}`));
  return app;
}

/** Notes the call, and its status as soon as the whole answer is sent. */
function note({ onCall }: ApiParts): RequestHandler {
  return (req, res, next) => {
    const call: ApiCall = { method: req.method, path: req.path, at: performance.now() };
    res.once('finish', () => {
      call.status = res.statusCode;
    });
    onCall(call);
    next();
  };
}

/** Does what the switched-on faults ask for. */
function misbehave({ faults }: ApiParts): RequestHandler {
  return async (_req, res, next) => {
    if (faults.apiHang) return;
    if (faults.apiDelayMs > 0) await new Promise((done) => setTimeout(done, faults.apiDelayMs));
    if (faults.apiMalformed) res.type('json').send('{"sandboxId": ');
    else if (faults.apiStatus !== undefined) {
      failOnPurpose(res, faults.apiStatus, faults.retryAfterSeconds);
    } else next();
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

function requireKey(apiKey: string): RequestHandler {
  return (req, res, next) => {
    if (req.get('authorization') === `Bearer ${apiKey}`) next();
    else fail(res, 401, 'Unauthorized');
  };
}
