import { Server } from 'socket.io';
import type { AttachEvents } from '../../src/demo/events.ts';
import type { Sandbox } from '../../src/demo/sandboxes.ts';

/** Daytona's events as Socket.IO tells them: to all who showed the API key, about all sandboxes. */
export const attachEvents: AttachEvents = (server, { apiKey, sandboxes, faults, describe }) => {
  const io = new Server({ path: '/api/socket.io/', transports: ['websocket'], serveClient: false });
  io.attach(server);
  io.use((socket, next) => {
    const known = socket.handshake.auth.token === apiKey && !faults.eventsRefused;
    next(known ? undefined : new Error('Unauthorized'));
  });
  const created = (sandbox: Sandbox) => {
    io.emit('sandbox.created', describe(sandbox));
  };
  const state = (sandbox: Sandbox, oldState: string) => {
    const event = { sandbox: describe(sandbox), oldState, newState: sandbox.state };
    io.emit('sandbox.state.updated', event);
  };
  const desiredState = (sandbox: Sandbox, oldDesiredState: string) => {
    const newDesiredState = sandbox.desiredState;
    const event = { sandbox: describe(sandbox), oldDesiredState, newDesiredState };
    io.emit('sandbox.desired-state.updated', event);
  };
  sandboxes.on('created', created).on('state', state).on('desiredState', desiredState);
  return {
    drop: (how) => {
      if (how === 'dismissed') io.disconnectSockets();
      else for (const socket of io.sockets.sockets.values()) socket.conn.close(true);
    },
    close: () => {
      sandboxes.off('created', created).off('state', state).off('desiredState', desiredState);
      io.engine.close(); // Without a goodbye, as a server that dies.
    },
  };
};
