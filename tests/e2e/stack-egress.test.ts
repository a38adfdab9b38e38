/** The self-hosted stack's way out: what its compose file says, and that our program lives by it. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { BlockList } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse as parseEnv } from 'dotenv';
import { readEgressConfig } from '../../src/config/egressConfig.ts';
import { freePorts } from '../support/binary.ts';
import { type ComposeFile, loadCompose, readText } from '../support/composeFile.ts';
import { dockerFolder, execute } from '../support/script.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const main = 'docker/daytona/compose.yml';

let folder: string;
let stack: ComposeFile;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'egress-stack-'));
  const out = join(folder, '.env');
  execFileSync(join(dockerFolder, 'daytona/secrets.sh'), ['--out', out], { stdio: 'pipe' });
  stack = loadCompose(main, parseEnv(readFileSync(out)));
});
afterAll(() => rmSync(folder, { recursive: true }));

const egress = () => stack.services.egress ?? {};
const address = () => Object.values(egress().networks ?? {})[0]?.ipv4_address ?? '';
/** Whether an address is in a network, as 192.0.2.0/24. */
const within = (cidr: string, one: string) => {
  const [net = '', bits] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(net, Number(bits));
  return list.check(one);
};

test('is there only if it is asked for, as our own image, and at no port of this machine', () => {
  expect(egress()).toMatchObject({ profiles: ['egress'], image: 'daytona-proxy:local' });
  expect(egress().ports).toBeUndefined();
  const { context = '', dockerfile = '' } = egress().build ?? {};
  expect(join(root, 'docker/daytona', context, dockerfile)).toBe(join(root, 'docker/Dockerfile'));
});

test('runs a program that the image has', () => {
  const [program, file = '', ...rest] = egress().command ?? [];
  expect([program, ...rest]).toEqual(['node', 'egress']);
  expect(file).toMatch(/^src\//);
  expect(existsSync(join(root, file))).toBe(true);
});

test('takes what the stack’s .env says', () => {
  const config = readEgressConfig(egress().environment ?? {});
  expect(config.EGRESS_ALLOW.map(({ host, wildcard, port }) => [host, wildcard, port])).toEqual([
    ['openrouter.ai', false, 443],
    ['anthropic.com', true, 443],
    ['api.github.com', false, 443],
  ]);
  expect(config.EGRESS_SECRET).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect(config.EGRESS_PORT).toBe(3128);
});

describe('its address', () => {
  const front = () => stack.networks.front?.ipam?.config[0] ?? { subnet: '', ip_range: '' };

  test('is in the network of the runner, where no other service gets it', () => {
    expect(stack.services.runner?.networks).toEqual(['front']);
    expect(Object.keys(egress().networks ?? {})).toEqual(['front']);
    expect(within(front().subnet, address())).toBe(true);
    expect(within(front().ip_range, address())).toBe(false);
    expect(within(front().subnet, front().ip_range.split('/')[0] ?? '')).toBe(true);
  });

  test('is none of the network that the runner makes for sandboxes, nor of our other stack', () => {
    expect(within('172.20.0.0/16', address())).toBe(false);
    const [, other = ''] = /subnet: (\S+)/.exec(readText('docker/compose.yml')) ?? [];
    expect(within(other, address())).toBe(false);
  });

  test('and its port are those that the file tells people', () => {
    const text = readText('docker/daytona/egress.yml');
    const port = egress().environment?.EGRESS_PORT;
    expect(text).toContain(`:{password}@${address()}:${port}`);
    expect(text).toContain(`${address()}/32`);
  });
});

test('its health check finds it well while it runs, and only then', async () => {
  const [port] = await freePorts();
  const env = { ...egress().environment, EGRESS_PORT: String(port) };
  const [, program = '', ...args] = egress().healthcheck?.test ?? [];
  expect(program).toBe('node');
  const check = () =>
    execute(folder, 'env', [`EGRESS_PORT=${port}`, program, ...args]).then(({ code }) => code);
  expect(await check()).toBe(1);
  const running = spawn(process.execPath, [join(root, 'src/cli/main.js'), 'egress'], {
    env: { ...env, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(running, 'exit');
  await once(createInterface({ input: running.stdout }), 'line');
  expect(await check()).toBe(0);
  running.kill();
  await exited;
  expect(await check()).toBe(1);
});
