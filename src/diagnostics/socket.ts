import type { Request, Response } from 'express';
import type { WebSocket, WebSocketServer } from 'ws';
import { clientLeft } from '../exchange.ts';
import { sendJson } from '../replies/send.ts';
import { seenOf } from './seen.ts';

const mostMessages = 16;
const mostBytes = 4_096;
const longestMs = 310_000;

let server: WebSocketServer | undefined;

/**
 * Opens a WebSocket that first says how its handshake arrived and then repeats what it is told. A
 * request that has lost its upgrade on the way gets 426.
 */
export async function openEcho(req: Request, res: Response, instance: string): Promise<void> {
  const { exchange } = req;
  const { upgrade } = exchange;
  if (!upgrade) {
    res.setHeader('Upgrade', 'websocket');
    sendJson(req, res, 426, { upgrade: req.headers.upgrade ?? null });
    return;
  }
  // Few ever ask for diagnostics: the others need not load it.
  const { WebSocketServer: Server } = await import('ws');
  if (clientLeft(req, res)) return;
  server ??= new Server({ noServer: true, maxPayload: mostBytes, perMessageDeflate: false });
  const { socket, response } = upgrade;
  response.detachSocket(socket);
  exchange.upgrade = undefined;
  const early = Buffer.concat(upgrade.takeOver());
  server.handleUpgrade(req, socket, early, (echo) => {
    echo.send(JSON.stringify(seenOf(req, instance)));
    repeat(echo);
    exchange.whenDraining(() => echo.close(1001));
  });
  socket.resume();
}

function repeat(echo: WebSocket): void {
  let left = mostMessages;
  const late = setTimeout(() => echo.terminate(), longestMs);
  echo.on('close', () => clearTimeout(late));
  echo.on('error', () => {}); // It is being closed, and says why.
  echo.on('message', (data, binary) => {
    left -= 1;
    if (left < 0) echo.close(1008);
    else echo.send(data, { binary });
  });
}
