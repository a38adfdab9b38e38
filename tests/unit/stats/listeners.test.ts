import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect, test } from '@jest/globals';
import type { Request, Response } from 'express';
import { Exchange } from '../../../src/exchange.ts';
import { Listeners } from '../../../src/stats/listeners.ts';
import type { Report } from '../../../src/stats/report.ts';
import { eventually } from '../../support/eventually.ts';
import { closeServer, listen } from '../../support/rig.ts';

const visitor = {
  address: '127.0.0.1',
  network: '127.0.0.1',
  fronted: false,
  proto: 'http',
  host: 'localhost',
} as const;

test('a page that reads nothing gives its place back when its time is over', async () => {
  // More than the buffers of a connection hold.
  const report = { texts: { store: 'x'.repeat(32_000_000) } } as unknown as Report;
  const listeners = new Listeners(async () => report);
  const server = http.createServer(async (req, res) => {
    req.exchange = new Exchange('an-id', req, visitor);
    res.once('close', () => req.exchange.end());
    await listeners.add(req as Request, res as Response, Date.now());
  });
  const client = net.connect(await listen(server), '127.0.0.1');
  client.pause().write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  try {
    await once(server, 'request');
    expect(await eventually(() => listeners.size === 1)).toBe(true);
    expect(await eventually(() => listeners.size === 0, 8_000)).toBe(true);
  } finally {
    client.destroy();
    await closeServer(server);
  }
});
