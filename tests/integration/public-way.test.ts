import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Network } from '../../src/cli/doctor/network.ts';
import { PublicWay } from '../../src/cli/doctor/publicWay.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { closeServer, listen } from '../support/rig.ts';

let certificate: Certificate;
let server: https.Server;
const asked: string[] = [];

beforeAll(async () => {
  certificate = makeCertificate(['proxy.localhost']);
  const { certPath, keyPath } = certificate;
  const pair = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
  server = https.createServer(pair, (req, res) => {
    asked.push(String(req.headers['x-daytona-preview-token']));
    if (req.url === '/host') return res.end(`${req.headers.host} ${servername(req)}`);
    if (req.url !== '/endless') return res.end();
    const more = () => void (res.write('x'.repeat(65_536)) && setImmediate(more));
    res.on('drain', more);
    return more();
  });
  await listen(server);
});
afterAll(async () => {
  await closeServer(server);
  certificate.remove();
});

const way = (trust?: { ca?: string }) => {
  const { port } = server.address() as AddressInfo;
  const url = new URL(`https://proxy.localhost:${port}`);
  return new PublicWay(url, new Network([], undefined).lookup(port), () => {}, trust);
};
const servername = ({ socket }: IncomingMessage) =>
  (socket as TLSSocket & { servername?: string }).servername;
const headers = { 'x-daytona-preview-token': 'secret' };

test('the way for secrets shows them to nobody without a right certificate', async () => {
  await expect(way({}).ask('/', { headers })).rejects.toThrow(/self-signed/);
  const socket = way({}).socket('proxy.localhost', '/', headers);
  await expect(new Promise((_open, fail) => socket.once('error', fail))).rejects.toThrow(
    /self-signed/,
  );
  await expect(way({}).upload('/', 1, headers)).rejects.toThrow(/self-signed/);
  expect(asked).toEqual([]);
});

test('it takes an authority that was named, and the other way asks anybody', async () => {
  expect((await way({ ca: certificate.pem }).ask('/', { headers })).statusCode).toBe(200);
  expect((await way().ask('/')).statusCode).toBe(200);
});

test('of an answer that does not end, to an upload too, a megabyte is read', async () => {
  expect((await way().upload('/endless', 1, {})).text).toHaveLength(1_048_576);
});

test('a Host of one’s own choice changes neither where it is asked nor the name in TLS', async () => {
  const { text } = await way().askUnder('localhost', '/host');
  expect(text).toBe('localhost proxy.localhost');
});
