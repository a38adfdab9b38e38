import { redirects, toolbox, warnings } from './daytonaProxyAnswers.ts';
import type { MovingRow } from './daytonaProxyCase.ts';
import { credentials } from './daytonaProxyCredentials.ts';
import { cors, requests } from './daytonaProxyHeaders.ts';
import { hosts, ports } from './daytonaProxyHosts.ts';
import { activity, states } from './daytonaProxyStates.ts';

/**
 * Requests to a self-hosted Daytona's own proxy v0.190, what it answers by its documents, and what
 * this proxy answers in its place. The README shows all of them.
 */
export const daytonaProxy: readonly {
  readonly theme: string;
  readonly rows: readonly MovingRow[];
}[] = [
  { theme: 'Hosts', rows: hosts },
  { theme: 'Ports', rows: ports },
  { theme: 'Credentials, of a private sandbox if nothing else is said', rows: credentials },
  { theme: 'Toolbox: `/toolbox/{id}/…` on the bare host', rows: toolbox },
  { theme: 'States of a sandbox', rows: states },
  { theme: 'What counts as use', rows: activity },
  { theme: 'Requests', rows: requests },
  { theme: 'CORS', rows: cors },
  { theme: 'Redirects', rows: redirects },
  { theme: 'Warning page', rows: warnings },
];
