/** docker/daytona/dns.sh, run for real on a folder that stands for /; no service is ever restarted. */
import { NODATA, Resolver } from 'node:dns/promises';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeWith, freePorts, startBinary } from '../support/binary.ts';
import { contentsOf } from '../support/folder.ts';
import { dockerFolder, execute, runScript } from '../support/script.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'dns-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const dns = (...args: string[]) => runScript(root, 'daytona/dns.sh', '--root', root, ...args);
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const write = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const everything = () => contentsOf(root);

const stub = '/run/systemd/resolve/stub-resolv.conf';
const resolved = () => {
  write(`.${stub}`, 'nameserver 127.0.0.53\n');
  write('etc/resolv.conf', 'nameserver 192.0.2.1\n');
};
const linkTo = (target: string) => {
  rmSync(join(root, 'etc/resolv.conf'));
  symlinkSync(target, join(root, 'etc/resolv.conf'));
};
const machines: [string, () => void, string[]][] = [
  ['resolved', resolved, ['etc/resolv.conf']],
  ['dnsmasq', () => write('etc/dnsmasq.conf', '\n'), ['etc/dnsmasq.d/daytona-proxy.conf']],
  [
    'macos',
    () => {
      mkdirSync(join(root, 'etc'));
      write('opt/homebrew/etc/dnsmasq.conf', '\n');
    },
    ['opt/homebrew/etc/dnsmasq.d/daytona-proxy.conf', 'etc/resolver/proxy.localhost'],
  ],
];

describe.each(machines)('%s', (method, prepare, changed) => {
  test('is told first what would change, and nothing does', async () => {
    prepare();
    const before = everything();
    const { code, out } = await dns('--method', method, '--dry-run');
    expect(code).toBe(0);
    for (const path of changed) expect(out).toContain(join(root, path));
    expect(out).toMatch(/^Would /m);
    expect(out).not.toMatch(/^(?:Runs|Writes) /m);
    expect(everything()).toEqual(before);
  });

  test('is changed once, however often it is run, and is as before after --undo', async () => {
    prepare();
    const before = everything();
    await dns('--method', method);
    const after = everything();
    for (const path of changed) expect(after.map(([name]) => name)).toContain(path);
    expect((await dns('--method', method)).out).toContain('Nothing to change.\n');
    expect(everything()).toEqual(after);
    expect((await dns('--method', method, '--undo')).code).toBe(0);
    expect(everything()).toEqual(before);
    expect((await dns('--method', method, '--undo')).out).toContain('Nothing to change.\n');
  });

  test('never has a service of this machine restarted for another folder', async () => {
    prepare();
    const { out } = await dns('--method', method);
    expect(out).not.toMatch(/^Runs: (?:systemctl|brew)/m);
  });
});

describe('systemd-resolved', () => {
  test('is found by itself', async () => {
    resolved();
    await dns();
    expect(readlinkSync(join(root, 'etc/resolv.conf'))).toBe(stub);
    expect(read('etc/resolv.conf.before-daytona-proxy')).toBe('nameserver 192.0.2.1\n');
  });

  test.each([
    ['there is none', () => rmSync(join(root, 'etc/resolv.conf'))],
    ['it leads nowhere', () => linkTo('/nowhere/at/all')],
    ['it leads elsewhere', () => linkTo('../run/other')],
  ])('gives resolv.conf back as it was where %s', async (_what, change) => {
    resolved();
    change();
    const before = everything();
    await dns('--method', 'resolved');
    expect(readlinkSync(join(root, 'etc/resolv.conf'))).toBe(stub);
    expect((await dns('--undo')).code).toBe(0);
    expect(everything()).toEqual(before);
  });

  test('is not made the one that is asked where it does not run', async () => {
    write('etc/resolv.conf', 'nameserver 192.0.2.1\n');
    const { code, err } = await dns('--method', 'resolved');
    expect([code, err]).toEqual([1, expect.stringContaining('does not run here')]);
    expect(read('etc/resolv.conf')).toBe('nameserver 192.0.2.1\n');
  });

  test('is left alone where resolv.conf leads to it by another way', async () => {
    resolved();
    linkTo(`..${stub}`);
    write(`.${stub}`, 'nameserver 127.0.0.54\n');
    expect((await dns('--method', 'resolved')).out).toContain('Nothing to change.\n');
  });

  test.each([
    ['resolv.conf', 'its address', 'nameserver 127.0.0.53\noptions edns0\n'],
    ['nsswitch.conf', 'nss-resolve', 'hosts: files resolve [!UNAVAIL=return] dns\n'],
    ['nsswitch.conf', 'nss-myhostname', 'hosts: files dns myhostname\n'],
  ])('is left alone where %s has %s', async (name, _what, text) => {
    write('etc/resolv.conf', 'nameserver 192.0.2.1\n');
    write(`etc/${name}`, text);
    const before = everything();
    expect((await dns('--method', 'resolved')).out).toContain('Nothing to change.\n');
    expect(everything()).toEqual(before);
  });
});

describe('what is somebody else’s', () => {
  test('stays, and what to add is said', async () => {
    write('etc/dnsmasq.d/daytona-proxy.conf', 'address=/elsewhere.test/192.0.2.1\n');
    const before = everything();
    const { code, err } = await dns('--method', 'dnsmasq');
    expect([code, err]).toEqual([1, expect.stringContaining('not ours')]);
    expect(err).toContain('address=/proxy.localhost/127.0.0.1');
    expect((await dns('--method', 'dnsmasq', '--undo')).out).toContain('Nothing to change.\n');
    expect(everything()).toEqual(before);
  });

  test('stops all of it, not the half of it', async () => {
    write('opt/homebrew/etc/dnsmasq.conf', '\n');
    write('etc/resolver/proxy.localhost', 'nameserver 192.0.2.1\n');
    expect((await dns('--method', 'macos')).code).toBe(1);
    expect(everything().map(([name]) => name)).not.toContain('opt/homebrew/etc/dnsmasq.d');
  });

  test('is not written over by the copy of an earlier run', async () => {
    resolved();
    await dns('--method', 'resolved');
    rmSync(join(root, 'etc/resolv.conf'));
    write('etc/resolv.conf', 'nameserver 192.0.2.2\n');
    const before = everything();
    const again = await dns('--method', 'resolved');
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('is there already')]);
    const undone = await dns('--undo');
    expect([undone.code, undone.out]).toEqual([0, expect.stringContaining('was changed since')]);
    expect(everything()).toEqual(before);
  });
});

test('what an earlier run has changed is found by --undo alone, whichever way it was', async () => {
  resolved();
  write('etc/dnsmasq.conf', '\n');
  const before = everything();
  await dns('--method', 'dnsmasq');
  await dns('--method', 'resolved');
  expect((await dns('--undo', '--dry-run')).out).toContain('Would run: rm');
  expect((await dns('--undo')).code).toBe(0);
  expect(everything()).toEqual(before);
});

test('a folder that was made stays where somebody else has put something into it', async () => {
  write('etc/dnsmasq.conf', '\n');
  await dns('--method', 'dnsmasq');
  write('etc/dnsmasq.d/other.conf', 'no-poll\n');
  expect((await dns('--undo')).code).toBe(0);
  expect(everything().map(([name]) => name)).toContain('etc/dnsmasq.d/other.conf');
});

test('a folder with spaces and a dollar in its name is one folder', async () => {
  const odd = join(root, 'a $(touch hacked) b');
  mkdirSync(odd);
  const { code } = await runScript(root, 'daytona/dns.sh', '--root', odd, '--method', 'dnsmasq');
  expect(code).toBe(0);
  expect(existsSync(join(odd, 'etc/dnsmasq.d/daytona-proxy.conf'))).toBe(true);
  expect(existsSync(join(root, 'hacked'))).toBe(false);
});

test.each([
  ['a method that there is not', ['--method', 'bind']],
  ['a method without a name', ['--method']],
  ['a folder that is not there', ['--root', '/nowhere/at/all']],
])('%s is refused', async (_what, args) => {
  expect((await dns(...args)).code).toBe(2);
  expect(everything()).toEqual([]);
});

test('a machine with none of them is told so, and what else helps', async () => {
  const { code, err } = await dns();
  expect([code, err]).toEqual([1, expect.stringContaining('/etc/hosts: 127.0.0.1')]);
});

describeWith('setpriv', 'without root', (setpriv) => {
  test('nothing is changed', async () => {
    chmodSync(root, 0o777);
    // Nobody owns nothing of this machine, so not even a mistake could change it.
    const nobody = ['--reuid=65534', '--clear-groups'];
    const script = join(dockerFolder, 'daytona/dns.sh');
    const args = [...nobody, 'bash', script, '--method', 'dnsmasq'];
    const { code, err } = await execute(root, setpriv, args);
    expect([code, err]).toEqual([1, expect.stringContaining('run it with sudo')]);
  });
});

describeWith('dnsmasq', 'a real dnsmasq', () => {
  test('resolves every sandbox to this machine by what is written', async () => {
    await dns('--method', 'dnsmasq');
    const [port] = await freePorts();
    const file = join(root, 'etc/dnsmasq.d/daytona-proxy.conf');
    const own = ['--no-resolv', '--no-hosts', '--listen-address=127.0.0.1', '--bind-interfaces'];
    const args = ['--keep-in-foreground', '--user=', '--pid-file', '--log-facility=-', ...own];
    const server = await startBinary(
      'dnsmasq',
      [...args, `--port=${port}`, `--conf-file=${file}`],
      /started/,
    );
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port}`]);
    const host = '4096-83792513-cd9e-428f-99c0-63c63bc7739c.proxy.localhost';
    expect(await resolver.resolve4(host)).toEqual(['127.0.0.1']);
    expect(await resolver.resolve4('proxy.localhost')).toEqual(['127.0.0.1']);
    // No address of the other kind, at which nobody would listen, and nobody else is asked for it.
    await expect(resolver.resolve6(host)).rejects.toMatchObject({ code: NODATA });
    await server.close();
  });
});
