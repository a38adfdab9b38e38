import http, { type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { PrepareRequestFunctionOpts } from 'proxy-chain';
import type { EgressRule } from '../config/egressVariables.ts';
import { isAllowed, whyNotAllowed } from './allowList.ts';
import { isCredential } from './credentials.ts';
import { type DialRules, dial, keepAliveMs } from './dial.ts';
import type { Limits } from './limits.ts';
import { isOwnAddress } from './ownAddresses.ts';
import { Passage } from './passage.ts';
import type { Passages } from './passages.ts';
import { plainHead } from './plainHead.ts';
import { Refusal } from './refusal.ts';
import type { Strangers } from './strangers.ts';
import { type EgressTarget, plainTarget, tunnelTarget } from './target.ts';
import { closeBehind } from './tunnel.ts';

export interface AdmissionRules {
  readonly secrets: readonly string[];
  readonly allow: readonly EgressRule[];
  readonly dial: DialRules;
  readonly idleTimeoutMs: number;
  readonly limits: Limits;
  readonly strangers: Strangers;
  readonly passages: Passages;
  isRevoked(sandbox: string): boolean;
  /** Told of everyone who does not get through; `sandbox` only where the credential was good. */
  onRefusal(refusal: Refusal, client: Socket, sandbox?: string, target?: EgressTarget): void;
}

/** One who got through: the host's side of the connection, and what is sent there first. */
export interface Admitted {
  readonly upstream: Socket;
  /** The fields of a plain request; empty for a tunnel. */
  readonly fields: readonly string[];
}

type Asked = Pick<PrepareRequestFunctionOpts, 'request' | 'username' | 'password' | 'isHttp'>;

/**
 * Decides about one request or tunnel, in this order: who asks, how much, for what, where that is.
 * The last step dials, so that what fails there is an answer in words as well.
 *
 * @throws Refusal, with which the connection is answered and closed
 */
export async function admit(asked: Asked, rules: AdmissionRules): Promise<Admitted> {
  const { socket: client } = asked.request;
  const target = targetOf(asked.request, asked.isHttp);
  let sandbox: string | undefined;
  try {
    sandbox = identify(asked, rules);
    return await enter(sandbox, target, asked.request, rules);
  } catch (error) {
    const refusal =
      error instanceof Refusal ? error : new Refusal('INTERNAL', 'Something failed here.');
    rules.onRefusal(refusal, client, sandbox, target);
    throw error;
  }
}

function targetOf({ url = '' }: IncomingMessage, isHttp: boolean): EgressTarget | undefined {
  return isHttp ? plainTarget(url) : tunnelTarget(url);
}

function identify({ username, password }: Asked, rules: AdmissionRules): string {
  if (!isCredential(rules.secrets, username, password)) {
    throw new Refusal(
      'CREDENTIAL_REQUIRED',
      'This proxy is for sandboxes: the user is a sandbox’s id, the password is derived from EGRESS_SECRET.',
    );
  }
  if (rules.isRevoked(username)) throw revoked();
  return username;
}

async function enter(
  sandbox: string,
  target: EgressTarget | undefined,
  request: IncomingMessage,
  { limits, strangers, passages, allow, dial: dialRules, idleTimeoutMs, isRevoked }: AdmissionRules,
): Promise<Admitted> {
  const { socket: client } = request;
  limits.enter(sandbox);
  strangers.remove(client);
  // One connection carries one exchange, also where that is refused.
  const left = new AbortController();
  let passage: Passage | undefined;
  client.once('close', () => {
    limits.release(sandbox);
    left.abort();
    if (passage) passages.remove(passage);
  });
  if (client.destroyed) throw gone();
  if ((request.headersDistinct.host?.length ?? 0) > 1) {
    throw new Refusal('INVALID_REQUEST', 'A request has one Host.'); // RFC 9112, section 3.2
  }
  if (!target) {
    throw new Refusal('INVALID_TARGET', 'The target must be host:port, or a URL with http://.');
  }
  if (!isAllowed(allow, target)) {
    throw new Refusal('HOST_NOT_ALLOWED', whyNotAllowed(allow, target));
  }
  const fields = target.plain ? plainHead(request, target) : [];
  const upstream = await dial(target, dialRules, left.signal);
  try {
    if (client.destroyed) throw gone(); // During the dial, and nobody would close the other side.
    if (isRevoked(sandbox)) throw revoked();
    if (isItself(client, upstream)) {
      throw new Refusal('ADDRESS_NOT_ALLOWED', `${target.host} leads to this proxy itself.`);
    }
  } catch (error) {
    upstream.destroy();
    throw error;
  }
  passage = new Passage(sandbox, target, client, upstream);
  passages.add(passage);
  closeBehind(client, upstream);
  client.setTimeout(idleTimeoutMs);
  client.setKeepAlive(true, keepAliveMs);
  return { upstream, fields };
}

function gone(): Refusal {
  return new Refusal('INVALID_REQUEST', 'The sandbox has left.');
}

function revoked(): Refusal {
  return new Refusal(
    'CREDENTIAL_REQUIRED',
    'This sandbox’s credential was revoked (EGRESS_REVOKED, EGRESS_REVOKED_FILE).',
  );
}

/** True where the host is this proxy: its own pages tell the machine itself more than a sandbox. */
function isItself(client: Socket, { remoteAddress = '', remotePort }: Socket): boolean {
  return remotePort === client.localPort && isOwnAddress(remoteAddress);
}

/** Has Node's client send a request over a connection that is there already. */
export function agentOver(socket: Socket): http.Agent {
  const agent = new http.Agent({ keepAlive: false });
  agent.createConnection = () => socket;
  return agent;
}
