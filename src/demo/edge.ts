import type { Server } from 'node:http';
import { createCarrier } from './carrier.ts';
import { admit, type EdgeRules } from './edgeRules.ts';

/** Daytona's preview edge: what answers behind a preview URL. */
export function createEdge(rules: EdgeRules): Server {
  return createCarrier((req, res) => admit(req, res, rules));
}
