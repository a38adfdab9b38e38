import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import { clientLeft, type Upgrade } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { upstreamError } from './failure.ts';
import { locationContext } from './location.ts';
import { longestRefusal, refusalByBody, refusalByHead, refuse } from './refusal.ts';
import { responseHead } from './responseHead.ts';

const connectTimeoutMs = 3_000;
const upgradeTimeoutMs = 10_000;
const keepAliveMs = 30_000;

/**
 * Carries one WebSocket: sends the handshake, and once the sandbox has switched joins both
 * sockets until either ends. An answer other than 101 is passed on whole, if it ends within the
 * ten seconds that a handshake may take.
 *
 * @param head the request head without its Connection and Upgrade fields
 * @returns resolves when the socket or the refused upgrade's answer is over
 * @throws ProxyError while nothing has been sent to the client
 */
export async function carryUpgrade(
  lookup: LookupFunction,
  req: IncomingMessage,
  upgrade: Upgrade,
  head: string[],
): Promise<void> {
  const { response } = upgrade;
  const outgoing = dial(lookup, req, head);
  const abandon = () => outgoing.destroy();
  response.once('close', abandon);
  try {
    const answer = await handshake(outgoing);
    if (clientLeft(req, response)) {
      abandon();
    } else if ('socket' in answer) {
      response.off('close', abandon);
      await join(req, upgrade, answer);
    } else {
      await passOn(req, upgrade, answer.response);
    }
  } catch (error) {
    abandon();
    if (!clientLeft(req, response)) throw upstreamError(error);
  } finally {
    response.off('close', abandon);
  }
}

interface Switched {
  response: IncomingMessage;
  socket: Socket;
  head: Buffer;
}

function dial(lookup: LookupFunction, req: IncomingMessage, head: string[]): ClientRequest {
  const { origin } = req.exchange.upstream ?? {};
  if (!origin) throw new Error('an upgrade without an upstream');
  const { request } = origin.protocol === 'https:' ? https : http;
  const outgoing = request({
    host: origin.hostname,
    port: origin.port,
    path: req.exchange.target,
    headers: [...head, 'connection', 'Upgrade', 'upgrade', 'websocket'],
    setHost: false,
    agent: false,
    lookup,
  });
  outgoing.once('socket', (socket) => {
    const late = setTimeout(
      () => outgoing.destroy(new ProxyError('UPSTREAM_UNREACHABLE')),
      connectTimeoutMs,
    );
    socket.once('connect', () => clearTimeout(late));
    socket.once('close', () => clearTimeout(late));
  });
  return outgoing;
}

/** Sends the request and waits for the sandbox's word, for at most ten seconds. */
function handshake(outgoing: ClientRequest): Promise<Switched | { response: IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(
      () => outgoing.destroy(new ProxyError('UPSTREAM_UNREACHABLE')),
      upgradeTimeoutMs,
    );
    outgoing.once('close', () => {
      clearTimeout(late);
      reject(new ProxyError('UPSTREAM_UNREACHABLE'));
    });
    outgoing.on('error', reject);
    outgoing.once('response', (response) => resolve({ response }));
    outgoing.once('upgrade', (response, socket, head) => {
      socket.on('error', () => socket.destroy());
      resolve({ response, socket, head });
    });
    outgoing.end();
  });
}

/** Sends the 101 and joins the two sockets; from here on no byte is ours. */
function join(req: IncomingMessage, upgrade: Upgrade, sandbox: Switched): Promise<void> {
  const { socket, head, response } = upgrade;
  const fields = responseHead(sandbox.response.rawHeaders, locationContext(req.exchange));
  fields.push('Connection', 'Upgrade', 'Upgrade', 'websocket');
  fields.push('X-Request-Id', req.exchange.requestId);
  let text = 'HTTP/1.1 101 Switching Protocols\r\n';
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]?.toLowerCase() === 'content-length') continue; // Not in a 101 (RFC 9110, 8.6).
    text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }

  response.detachSocket(socket);
  req.exchange.switched = true;
  socket.write(`${text}\r\n`, 'latin1');
  // Bytes that came right behind either handshake are the first ones of the other direction.
  if (sandbox.head.length > 0) socket.write(sandbox.head);
  if (head.length > 0) sandbox.socket.write(head);

  return new Promise((resolve) => {
    for (const [one, other] of [
      [socket, sandbox.socket],
      [sandbox.socket, socket],
    ] as const) {
      one.setNoDelay(true);
      one.setKeepAlive(true, keepAliveMs);
      one.setTimeout(0);
      one.pipe(other, { end: false });
      // A WebSocket has no half that goes on alone: what is written still leaves, then both end.
      one.once('end', () => {
        other.destroySoon();
        one.destroySoon();
      });
      one.once('close', () => {
        other.destroySoon();
        resolve();
      });
    }
  });
}

/** Passes a refused upgrade's answer on, or ours where Daytona's edge refused. */
async function passOn(
  req: IncomingMessage,
  { response: res }: Upgrade,
  answer: IncomingMessage,
): Promise<void> {
  const status = answer.statusCode ?? 0;
  if (status < 200 || status > 599) throw new ProxyError('UPSTREAM_INVALID');
  const suspicion = refusalByHead(req.method, status, answer.rawHeaders);
  if (suspicion && suspicion !== 'read-body') throw refuse(req.exchange, suspicion);
  let body = Buffer.alloc(0);
  if (suspicion === 'read-body') {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      body = Buffer.concat([body, chunk]);
      if (body.length > longestRefusal) throw new ProxyError('UPSTREAM_INVALID');
    }
    const refusal = refusalByBody(status, body.toString());
    if (refusal) throw refuse(req.exchange, refusal);
    if (clientLeft(req, res)) return;
  }
  res.writeHead(status, responseHead(answer.rawHeaders, locationContext(req.exchange)));
  if (suspicion === 'read-body') {
    res.end(body);
    return;
  }
  await new Promise<void>((resolve) => {
    answer.once('error', () => res.destroy());
    answer.once('aborted', () => res.destroy());
    res.once('close', () => {
      answer.destroy();
      resolve();
    });
    res.flushHeaders();
    answer.pipe(res);
  });
}
