import { createServer, type IncomingMessage, type Server } from 'node:http';
import express, { type Express, type Response } from 'express';
import { WebSocketServer } from 'ws';
import { z } from 'zod';
import { sameSecret } from '../../secrets.ts';
import { fail } from '../apiError.ts';
import type { Sandboxes } from '../sandboxes.ts';
import type { SessionCommand } from './command.ts';
import { keyHeader } from './door.ts';
import { followLog } from './follow.ts';
import type { Session, Sessions } from './sessions.ts';

const sessionBody = z.object({ sessionId: z.string().min(1) });
const commandBody = z.object({
  command: z.string().min(1),
  runAsync: z.boolean().optional(),
  async: z.boolean().optional(),
});

/**
 * The part of every sandbox's toolbox that runs commands, at `/{sandboxId}/process/session…`, for
 * whoever knows the key.
 */
export function createSessionServer(sandboxes: Sandboxes, sessions: Sessions, key: string): Server {
  const knows = (req: IncomingMessage) => sameSecret(String(req.headers[keyHeader]), key);
  const calls = createSessionCalls(sandboxes, sessions);
  const server = createServer((req, res) => {
    if (knows(req)) calls(req, res);
    else res.writeHead(401, { 'Content-Length': 0 }).end();
  });
  const sockets = new WebSocketServer({ noServer: true });
  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    const [path = ''] = (req.url ?? '').split('?', 1);
    const [, id = '', name = '', commandId = ''] = logPath.exec(path) ?? [];
    const sandbox = knows(req) ? sandboxes.byId(id) : undefined;
    const session = sandbox && sessions.of(sandbox).get(decoded(name));
    const command = session?.get(commandId);
    if (command) sockets.handleUpgrade(req, socket, head, (client) => followLog(client, command));
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  });
  return server;
}

const logPath = /^\/([^/]+)\/process\/session\/([^/]+)\/command\/([^/]+)\/logs$/;

/** An upgrade has no Express around it that would refuse a wrong escape. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return '';
  }
}

function createSessionCalls(sandboxes: Sandboxes, sessions: Sessions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(express.json());

  app.param('id', (_req, res, next, id) => {
    const sandbox = sandboxes.byId(id);
    if (!sandbox) return fail(res, 404, 'sandbox container not found');
    res.locals.sandbox = sandbox;
    return next();
  });
  app.param('session', (_req, res, next, name) => {
    res.locals.session = sessions.of(res.locals.sandbox).get(name);
    if (res.locals.session) next();
    else fail(res, 404, 'session not found');
  });
  app.param('command', (_req, res, next, commandId) => {
    res.locals.command = sessionOf(res).get(commandId);
    if (res.locals.command) next();
    else fail(res, 404, 'command not found');
  });

  const all = '/:id/process/session';
  app.post(all, (req, res) => {
    const { data } = sessionBody.safeParse(req.body);
    if (!data) fail(res, 400, 'sessionId is required');
    else if (sessions.create(res.locals.sandbox, data.sessionId)) res.status(201).end();
    else fail(res, 409, 'session already exists');
  });
  app.get(all, (_req, res) => {
    const entries = [...sessions.of(res.locals.sandbox)];
    res.json(entries.map(([sessionId, session]) => describeSession(sessionId, session)));
  });

  const one = `${all}/:session`;
  app.get(one, (req, res) => void res.json(describeSession(req.params.session, sessionOf(res))));
  app.delete(one, (req, res) => {
    sessions.delete(res.locals.sandbox, req.params.session);
    res.status(204).end();
  });
  app.post(`${one}/exec`, async (req, res) => {
    const { data } = commandBody.safeParse(req.body);
    if (!data) return fail(res, 400, 'command is required');
    const command = sessions.run(res.locals.sandbox, sessionOf(res), data.command);
    if (data.runAsync || data.async) return void res.status(202).json({ cmdId: command.id });
    await new Promise((done) => command.once('exit', () => done(undefined)));
    const { id: cmdId, exitCode } = command;
    return void res.json({ cmdId, exitCode, ...logs(command) });
  });
  app.get(`${one}/command/:command`, (_req, res) => {
    res.json(describeCommand(res.locals.command));
  });
  app.get(`${one}/command/:command/logs`, (_req, res) => {
    res.json(logs(res.locals.command));
  });
  app.use((req, res) => fail(res, 404, `Cannot ${req.method} ${req.path}`));
  return app;
}

function sessionOf({ locals }: Response): Session {
  return locals.session;
}

function describeSession(sessionId: string, session: Session) {
  return { sessionId, commands: [...session.values()].map(describeCommand) };
}

function describeCommand({ id, command, exitCode }: SessionCommand) {
  return { id, command, ...(exitCode !== undefined && { exitCode }) };
}

function logs(command: SessionCommand) {
  return {
    output: command.text(),
    stdout: command.text('stdout'),
    stderr: command.text('stderr'),
  };
}
