import { randomUUID } from 'node:crypto';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Log } from '../log/logger.ts';
import { ProxyError } from '../replies/errors.ts';
import { rawAnswer } from '../replies/rawAnswer.ts';
import { sendError } from '../replies/send.ts';
import type { ClientConnection } from './clientConnection.ts';

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
    if (connection?.closing) return;
    if (!connection || !socket.writable || !/^(?:HPE_|ERR_HTTP_)/.test(code)) {
      socket.destroy();
      return;
    }
    const status = statuses[code] ?? 400;
    const problem = new ProxyError('INVALID_REQUEST', { cause: error, status });
    const { open } = connection.turns;
    if (open && !open.req.complete) {
      connection.closing = true;
      refuseUpload(open, problem);
    } else if (open && code === 'HPE_INVALID_EOF_STATE') {
      socket.destroy(); // It left in the middle of a request, and waits for no answer either.
    } else {
      connection.turns.last(() => {
        if (connection.closing || !socket.writable) return;
        connection.closing = true;
        const requestId = randomUUID();
        const client = connection.peer.address;
        log('info', 'client.error', { requestId, client, status, cause: code });
        socket.end(rawAnswer(problem, requestId));
      });
    }
  });
}

/** Ends an exchange whose upload is no HTTP: what the sandbox says to it no longer matters. */
function refuseUpload(res: ServerResponse, problem: ProxyError): void {
  const { req } = res;
  req.exchange.error ??= problem.code;
  req.exchange.end();
  sendError(req, res, problem);
}
