import http from 'node:http';
import type { Duplex } from 'node:stream';
import { constants, createGzip } from 'node:zlib';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { WebSocketServer } from 'ws';
import { describeWith } from '../support/binary.ts';
import { type DoctorBehindNginx, startDoctorBehindNginx } from '../support/doctorBehindNginx.ts';
import { closeServer, listen } from '../support/rig.ts';

// Every examination is a process, and takes as long as its event stream.
jest.setTimeout(60_000);

const sockets = new WebSocketServer({ noServer: true });

/** Has an app answer as OpenCode does, as far as the doctor asks; its terminals say what is given. */
function actAsOpenCode(app: http.Server, terminalSays: string): () => void {
  const answer = (req: http.IncomingMessage, res: http.ServerResponse) => {
    res.setHeader('Content-Type', 'application/json');
    if (req.url === '/global/health') res.end('{"healthy":true}');
    else if (req.url === '/pty') res.end('{"id":"pty_1"}');
    else res.end('true');
  };
  const connect = (req: http.IncomingMessage, socket: Duplex, head: Buffer) =>
    sockets.handleUpgrade(req, socket, head, (terminal) =>
      terminal.on('message', () => {
        terminal.send(terminalSays);
        terminal.close();
      }),
    );
  const plain = app.listeners('request') as ((...args: unknown[]) => void)[];
  app.removeAllListeners('request').on('request', answer).on('upgrade', connect);
  return () => {
    app.removeAllListeners('request').off('upgrade', connect);
    for (const each of plain) app.on('request', each);
  };
}

describeWith('nginx', 'What the doctor says of a sandbox, with a real Nginx in front', () => {
  let doctor: DoctorBehindNginx;
  let args: readonly string[];
  beforeAll(async () => {
    doctor = await startDoctorBehindNginx();
    args = ['--sandbox', doctor.rig.sandbox.id, '--port', '3000'];
  });
  afterAll(() => doctor.close());

  test('names a front that leads sandboxes to Daytona’s own proxy, which warns browsers', async () => {
    const { daytona, sandbox } = doctor.rig;
    sandbox.public = true;
    const toDaytona = `location / {
      if ($host ~ ^3000-${sandbox.id}) { proxy_pass http://127.0.0.1:${daytona.edgePort}; }`;
    const found = await doctor.behind({ changes: [[/location \/ \{/g, toDaytona]] }, { args });
    sandbox.public = false;
    expect(found.wrong).toEqual(['warning-screen']);
    expect(found.of('warning-screen').detail).toContain('shows Daytona’s warning to browsers');
    expect(found.of('warning-screen').fix).toEqual([
      '*.proxy.test has to lead to daytona-proxy, and not to Daytona’s own proxy',
    ]);
  });

  test.each([
    ['answers', '42-answered', 'ok', 'a terminal of OpenCode’s answers'],
    ['breaks off', 'no shell here', 'failed', 'the terminal closed with 1005'],
  ] as const)('says that a terminal of OpenCode’s %s', async (_name, says, result, detail) => {
    const stop = actAsOpenCode(doctor.rig.app, says);
    const found = await doctor.behind({}, { args });
    stop();
    expect(found.of('sandbox-websocket')).toMatchObject({ result, detail });
    expect(found.wrong).toEqual(result === 'ok' ? [] : ['sandbox-websocket']);
  });

  test.each([
    ['names a front that holds events back by gzip', constants.Z_NO_FLUSH, ['event-stream']],
    ['finds nothing wrong with one that compresses each event', constants.Z_SYNC_FLUSH, []],
  ] as const)('%s', async (_name, flush, wrong) => {
    const { port } = doctor.rig.proxy;
    const relay = http.createServer(({ url: path = '', headers }, res) => {
      http.get({ host: '127.0.0.1', port, path, headers }, (answer) => {
        const { 'transfer-encoding': _framing, ...fields } = answer.headers;
        res.writeHead(200, { ...fields, 'content-encoding': 'gzip' }).flushHeaders();
        answer.pipe(createGzip({ flush })).pipe(res);
      });
    });
    const through = `location = /diagnostics/events { proxy_pass http://127.0.0.1:${await listen(relay)}; }
      location / {`;
    const found = await doctor.behind({ changes: [[/location \/ \{/g, through]] });
    await closeServer(relay);
    expect(found.wrong).toEqual(wrong);
  });

  test('prints lines that mend an Nginx whose location takes no field over', async () => {
    const own = 'proxy_set_header X-Own yes;';
    const location = (lines: string) =>
      [[/proxy_pass +http:/g, `${lines} proxy_pass http:`]] as const;
    const broken = await doctor.behind({ changes: location(own) });
    expect(broken.wrong).toEqual(['host', 'visitor-address', 'websocket']);
    const { fix } = broken.of('host');
    expect(fix[0]).toMatch(/^Nginx, beside proxy_pass, in its location/);
    const lines = fix.filter((line) => line.startsWith('  proxy_set_header')).join('\n');
    expect((await doctor.behind({ changes: location(lines) })).wrong).toEqual([]);
  });
});
