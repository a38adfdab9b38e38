import type { ClientRequest, IncomingMessage } from 'node:http';
import { clientLeft, type Upgrade } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { upstreamError } from './failure.ts';
import { announcedLength, framedFor } from './framing.ts';
import {
  dial,
  HandshakeFailure,
  type HandshakeRules,
  handshake,
  onceConnected,
  type Word,
} from './handshake.ts';
import { locationContext } from './location.ts';
import { longestRefusal, Refused, refusalByBody, refusalByHead } from './refusal.ts';
import { responseHead } from './responseHead.ts';
import { joinSockets } from './socketPair.ts';
import { upstreamPath } from './upstreamPath.ts';

export interface UpgradeRules extends HandshakeRules {
  /** A WebSocket on which no byte moves for so long is closed; 0 never closes one. */
  readonly idleTimeoutMs: number;
}

/**
 * Carries one WebSocket: sends the handshake, and once the sandbox has switched joins both
 * sockets until either ends. An answer other than 101 is passed on whole.
 *
 * @param head the request head without its Connection and Upgrade fields
 * @returns resolves when the sockets are joined or the refused upgrade's answer is over
 * @throws Refused where Daytona's edge refused, ProxyError for all else; either while nothing has
 *   been sent to the client
 */
export async function carryUpgrade(
  rules: UpgradeRules,
  req: IncomingMessage,
  upgrade: Upgrade,
  head: readonly string[],
): Promise<void> {
  const { exchange } = req;
  const { upstream } = exchange;
  if (!upstream) throw new Error('an upgrade without an upstream');
  let outgoing: ClientRequest | undefined = dial(
    rules,
    upstream.target,
    upstreamPath(exchange),
    head,
  );
  exchange.whenOver(() => outgoing?.destroy());
  onceConnected(outgoing, () => exchange.timeline.enter('wait'));
  try {
    const word = await handshake(outgoing, rules.upgradeTimeoutMs);
    exchange.timeline.enter('body');
    if (word.socket) {
      outgoing = undefined; // An open WebSocket need not remember how it was opened.
      switchOver(req, upgrade, word, rules.idleTimeoutMs);
    } else if (!clientLeft(req, upgrade.response)) {
      await passOn(req, upgrade, word.response);
    }
  } catch (error) {
    outgoing?.destroy();
    if (clientLeft(req, upgrade.response)) return;
    if (error instanceof Refused) throw error;
    if (error instanceof HandshakeFailure) throw upstreamError(error.cause, error.heard);
    throw upstreamError(error, true);
  }
}

/** Sends the 101 and joins the two sockets; from here on no byte is ours, until a stop. */
function switchOver(
  req: IncomingMessage,
  { socket, response, takeOver }: Upgrade,
  sandbox: Extract<Word, { head: Buffer }>,
  idleTimeoutMs: number,
): void {
  const { exchange } = req;
  const protocol = sandbox.response.headers.upgrade?.toLowerCase();
  if (clientLeft(req, response) || protocol !== 'websocket') {
    sandbox.socket.destroy();
    throw new ProxyError('UPSTREAM_INVALID', { cause: new Error(`switched to ${protocol}`) });
  }
  const fields = responseHead(sandbox.response.rawHeaders, locationContext(exchange));
  fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket', ...exchange.ownFields);
  let text = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'content-length') continue; // Not in a 101 (RFC 9110, 8.6).
    text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  response.detachSocket(socket);
  exchange.upgrade = undefined;
  exchange.upstream = undefined;
  socket.write(`${text}\r\n`, 'latin1');
  const first = { client: takeOver(), sandbox: sandbox.head };
  const rules = { idleMs: idleTimeoutMs, onUse: exchange.noteUse, traffic: exchange };
  exchange.whenDraining(joinSockets(socket, sandbox.socket, rules, first));
}

/** Passes a refused upgrade's answer on, or ours where Daytona's edge refused. */
async function passOn(
  req: IncomingMessage,
  { response: res }: Upgrade,
  answer: IncomingMessage,
): Promise<void> {
  const { exchange } = req;
  // Node takes a reset for the regular end of an answer that ends with its connection.
  answer.socket.prependListener('error', (error) => answer.destroy(error));
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) throw new ProxyError('UPSTREAM_INVALID');
  announcedLength(answer.rawHeaders);
  const { rawHeaders } = answer;
  const edgeHost = exchange.upstream?.target.hostname ?? '';
  const suspicion = refusalByHead(req.method, status, rawHeaders, edgeHost);
  let body = Buffer.alloc(0);
  if (suspicion && suspicion !== 'read-body') {
    throw new Refused(suspicion, { status, rawHeaders, body });
  }
  if (suspicion === 'read-body') {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      exchange.bytesDown += chunk.length;
      body = Buffer.concat([body, chunk]);
      if (body.length > longestRefusal) throw new ProxyError('UPSTREAM_INVALID');
    }
    const refusal = refusalByBody(status, body.toString());
    if (refusal) throw new Refused(refusal, { status, rawHeaders, body });
    if (clientLeft(req, res)) return;
  }
  const head = responseHead(answer.rawHeaders, locationContext(exchange), exchange.ownsCors);
  head.push(...exchange.ownFields);
  res.writeHead(status, framedFor(status, head));
  if (suspicion === 'read-body') {
    res.end(body);
    return;
  }
  await new Promise<void>((resolve) => {
    const cut = () => {
      exchange.error ??= 'UPSTREAM_INVALID';
      res.destroy();
    };
    answer.once('error', cut);
    answer.once('aborted', cut);
    exchange.whenOver(() => {
      answer.destroy();
      resolve();
    });
    res.write('', 'latin1'); // Node's flushHeaders would turn its bytes into UTF-8.
    answer.on('data', (chunk) => {
      exchange.bytesDown += chunk.length;
    });
    if (status !== 205) {
      answer.pipe(res);
      return;
    }
    answer.resume();
    res.end();
  });
}
