import type { IncomingHttpHeaders } from 'node:http';
import { echoSockets } from './echo.ts';
import { type Rig, startRig } from './rig.ts';

/** A visitor's trace. */
export const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

export interface TracedRig extends Rig {
  /** The fields of each request and handshake that reached the app. */
  readonly seen: IncomingHttpHeaders[];
}

/** The whole product, with an app that takes WebSockets and remembers what it was sent. */
export async function startTracedRig(): Promise<TracedRig> {
  const seen: IncomingHttpHeaders[] = [];
  const rig = await startRig({
    app: (req, res) => {
      seen.push(req.headers);
      res.end();
    },
  });
  echoSockets(rig.app);
  rig.app.on('upgrade', ({ headers }) => seen.push(headers));
  return { ...rig, seen };
}
