import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readCertificate } from '../../src/tls/certificateFiles.ts';
import { Renewals } from '../../src/tls/renewals.ts';
import { type Certificate, makeCertificate } from '../support/certificate.ts';
import { ask, openWebSocket } from '../support/client.ts';
import { echoSockets } from '../support/echo.ts';
import { eventually } from '../support/eventually.ts';
import { domain, type Rig, startRig } from '../support/rig.ts';
import { tlsTo } from '../support/transport.ts';

let first: Certificate;
let second: Certificate;
let folder: string;
let rig: Rig | undefined;

beforeAll(() => {
  first = makeCertificate([domain]);
  second = makeCertificate([domain]);
});
afterAll(() => {
  first.remove();
  second.remove();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'renewals-'));
});
afterEach(async () => {
  await rig?.close();
  rig = undefined;
  rmSync(folder, { recursive: true });
});

const at = (...path: string[]) => join(folder, ...path);
const env = () => ({ TLS_CERT_FILE: at('live', 'cert.pem'), TLS_KEY_FILE: at('live', 'key.pem') });

/** Puts a pair into a folder, which is made. */
function put(pair: Certificate, name: string): void {
  mkdirSync(at(name), { recursive: true });
  copyFileSync(pair.certPath, at(name, 'cert.pem'));
  copyFileSync(pair.keyPath, at(name, 'key.pem'));
}

/** Replaces a symbolic link at once, as Kubernetes does. */
function swap(target: string, link: string): void {
  symlinkSync(target, at(`${link}.new`));
  renameSync(at(`${link}.new`), at(link));
}

/** Ways in which certificates lie there, and are renewed. */
const ways: readonly (readonly [string, () => void, () => void])[] = [
  [
    'links into an archive are replaced, as by certbot',
    () => {
      put(first, 'archive/1');
      mkdirSync(at('live'));
      for (const file of ['cert.pem', 'key.pem']) {
        symlinkSync(`../archive/1/${file}`, at('live', file));
      }
    },
    () => {
      put(second, 'archive/2');
      for (const file of ['cert.pem', 'key.pem']) {
        unlinkSync(at('live', file));
        symlinkSync(`../archive/2/${file}`, at('live', file));
      }
    },
  ],
  [
    'the link to their folder is swapped, as by Kubernetes',
    () => {
      put(first, 'live/..1');
      symlinkSync('..1', at('live', '..data'));
      for (const file of ['cert.pem', 'key.pem']) symlinkSync(`..data/${file}`, at('live', file));
    },
    () => {
      put(second, 'live/..2');
      swap('..2', 'live/..data');
      rmSync(at('live', '..1'), { recursive: true });
    },
  ],
  [
    'new files are renamed over the old',
    () => put(first, 'live'),
    () => {
      put(second, 'new');
      for (const file of ['key.pem', 'cert.pem']) renameSync(at('new', file), at('live', file));
    },
  ],
  ['the files are written anew', () => put(first, 'live'), () => put(second, 'live')],
];

/** The fingerprint of what a new connection is shown. */
async function shown(): Promise<string | undefined> {
  const socket = tlsTo('x.proxy.test', first.pem + second.pem)(rig?.proxy.port ?? 0);
  await once(socket, 'secureConnect');
  const fingerprint = socket.getPeerCertificate().fingerprint256;
  socket.destroy();
  return fingerprint;
}

const logged = (event: string) => rig?.logs().filter((line) => line.event === event);

test.each(ways)(
  'where %s, new connections get the new one and a WebSocket stays open',
  async (_way, lay, renew) => {
    lay();
    rig = await startRig({ app: (_req, res) => void res.end('ok'), env: env() });
    echoSockets(rig.app);
    const connect = tlsTo(rig.host(), first.pem);
    const { socket, next } = await openWebSocket(rig.proxy.port, rig.host(), '/', {}, connect);
    await next();
    const before = await shown();

    renew();
    expect(await eventually(() => logged('tls.renewed')?.length === 1)).toBe(true);
    expect(await shown()).not.toBe(before);
    const renewed = tlsTo(rig.host(), second.pem);
    expect((await ask(rig.proxy.port, { host: rig.host(), connect: renewed })).body).toBe('ok');
    socket.send('still here');
    expect(String((await next()).data)).toBe('still here');
    expect(logged('tls.refused')).toEqual([]);
    socket.close();
    await once(socket, 'close');
  },
);

test('a broken renewal is refused once, and the one before stays until one that is whole', async () => {
  put(first, 'live');
  rig = await startRig({ env: env() });
  const before = await shown();
  copyFileSync(second.certPath, at('live', 'cert.pem')); // And the key of the one before.
  expect(await eventually(() => logged('tls.refused')?.length === 1)).toBe(true);
  expect(logged('tls.refused')).toEqual([
    expect.objectContaining({ level: 'error', cause: expect.stringContaining('is not the key') }),
  ]);
  expect(await shown()).toBe(before);
  writeFileSync(at('live', 'unrelated'), 'x'); // Has the same files looked at again.
  writeFileSync(at('live', 'cert.pem'), second.pem.slice(0, 200));
  expect(await eventually(() => logged('tls.refused')?.length === 2)).toBe(true);
  expect(await shown()).toBe(before);
  put(second, 'live');
  expect(await eventually(() => logged('tls.renewed')?.length === 1)).toBe(true);
  expect(await shown()).not.toBe(before);
});

test('files that are still being written are not looked at', async () => {
  put(first, 'live');
  rig = await startRig({ env: env() });
  copyFileSync(second.certPath, at('live', 'cert.pem'));
  // Longer than a single change has to settle.
  for (let i = 0; i < 8; i++) {
    await wait(100);
    writeFileSync(at('live', 'chain.pem'), `${i}`);
  }
  copyFileSync(second.keyPath, at('live', 'key.pem'));
  expect(await eventually(() => logged('tls.renewed')?.length === 1)).toBe(true);
  expect(logged('tls.refused')).toEqual([]);
});

test('what no event tells of is found by looking again and again', async () => {
  put(first, '1');
  put(second, '2');
  symlinkSync('1', at('live'));
  const files = { certFile: at('live', 'cert.pem'), keyFile: at('live', 'key.pem') };
  const served: string[] = [];
  const renewals = new Renewals({
    files,
    certificate: await readCertificate(files),
    domains: [],
    log: Object.assign(() => {}, { enabled: () => true, close: async () => {} }),
    serve: ({ cert }) => served.push(cert),
    pollMs: 50,
  });
  swap('2', 'live');
  expect(await eventually(() => served.length > 0)).toBe(true);
  expect(served).toEqual([readFileSync(second.certPath, 'utf8')]);
  renewals.close();
});
