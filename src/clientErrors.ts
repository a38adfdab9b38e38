import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ClientConnection } from './clientConnection.ts';
import type { Log } from './log/logger.ts';
import { ProxyError } from './replies/errors.ts';
import { rawAnswer } from './replies/rawAnswer.ts';
import { sendError } from './replies/send.ts';

/** Statuses that say more than 400, by the codes of Node's parser. */
const statuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/**
 * Answers what Node's parser refuses as everything else that we refuse, once a connection, and
 * closes it: behind bytes that are no HTTP, nobody knows where a request would begin.
 */
export function answerClientErrors(
  server: Server,
  connections: ReadonlyMap<Socket, ClientConnection>,
  log: Log,
): void {
  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    const code = error.code ?? '';
    const connection = connections.get(socket);
    if (connection?.refused) return;
    if (!connection || !socket.writable || !/^(?:HPE_|ERR_HTTP_)/.test(code)) {
      socket.destroy();
      return;
    }
    const status = statuses[code] ?? 400;
    const problem = new ProxyError('INVALID_REQUEST', { cause: error, status });
    const res = connection.latest;
    if (res && !res.closed && !res.req.complete) {
      connection.refused = true;
      sendError(res.req, res, problem);
      return;
    }
    connection.endInTurn(() => {
      if (connection.refused || !socket.writable) return;
      connection.refused = true;
      const requestId = randomUUID();
      const client = connection.peer.address;
      log('info', 'client.error', { requestId, client, status, cause: code });
      socket.end(rawAnswer(problem, requestId));
    });
  });
}
