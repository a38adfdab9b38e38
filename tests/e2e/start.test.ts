import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { ask } from '../support/client.ts';
import { type Program, startProgram } from '../support/program.ts';

let program: Program | undefined;

afterEach(() => {
  program?.child.kill('SIGKILL');
});

describe('npm start', () => {
  test('stops at a bad configuration with one message and exit code 1', async () => {
    program = startProgram({ PORT: 'none', LOG_LEVEL: 'loud' });
    expect(await program.exit).toBe(1);
    const text = program.lines.join('\n');
    expect(text).toContain('The configuration has 3 problems:');
    expect(text).toContain('DAYTONA_API_KEY is not set');
    expect(text).toContain('LOG_LEVEL = "loud"');
  });

  test('says which port is in use and what to do', async () => {
    const blocker = net.createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as net.AddressInfo;
    program = startProgram({ DAYTONA_API_KEY: 'k', HOST: '127.0.0.1', PORT: String(port) });
    expect(await program.exit).toBe(1);
    expect(program.lines).toEqual([
      `Port ${port} is in use. Stop the program that listens there, or set PORT to another one.`,
    ]);
    blocker.close();
  });

  test('says what it serves and what is open, and answers', async () => {
    program = startProgram({
      DAYTONA_API_KEY: 'k',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'pretty',
    });
    const started = await program.line(/Serving/);
    const port = Number(/port (\d+)/.exec(started)?.[1]);
    await program.line(/Access is open/);
    await program.line(/PROXY_DOMAIN is not set/);
    await program.line(/COOKIE_SECRET is not set/);
    await program.line(
      /Mode preview with https:\/\/app\.daytona\.io\/api, access open, store memory/,
    );
    const { status } = await ask(port, { host: 'localhost', path: '/health' });
    expect(status).toBe(200);
    program.child.kill('SIGTERM');
    expect(await program.exit).toBe(0);
  });
});

describe('the start of the log', () => {
  test('has the configuration once, without its secrets', async () => {
    const secret = 'a-secret-that-nobody-may-see-0123456789';
    program = startProgram({
      DAYTONA_API_KEY: secret,
      COOKIE_SECRET: secret,
      STATS_TOKEN: secret,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_SAMPLE: '10',
    });
    await program.line(/start\.listening/);
    const lines = program.lines.filter((line) => line.includes('start.config'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'info',
      DAYTONA_API_KEY: '****',
      COOKIE_SECRET: '****',
      STATS_TOKEN: '****',
      PORT: '0',
      LOG_SAMPLE: '10',
    });
    expect(program.lines.join('\n')).not.toContain(secret);
  });

  test('names the port that the metrics cannot have', async () => {
    const blocker = net.createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as net.AddressInfo;
    const env = { DAYTONA_API_KEY: 'k', HOST: '127.0.0.1', PORT: '0', METRICS_PORT: String(port) };
    program = startProgram(env);
    expect(await program.exit).toBe(1);
    expect(program.lines).toEqual([
      `Port ${port} is in use. Stop the program that listens there, or set METRICS_PORT to another one.`,
    ]);
    blocker.close();
  });
});

describe('npm run demo', () => {
  test('serves its sandbox’s app, and leaves no process behind', async () => {
    program = startProgram({ PORT: '0' }, 'demo');
    const line = await program.line(/the sandbox's app/);
    await program.line(/Ctrl-C ends everything/);
    const { host, port } = new URL(/http\S+/.exec(line)?.[0] ?? '');
    const page = await ask(Number(port), { host, headers: { accept: 'text/html' } });
    expect(page.body).toContain('This page comes from inside a sandbox');
    const { body } = await ask(Number(port), { host, path: '/pid' });
    const app = Number(body);
    expect(process.kill(app, 0)).toBe(true);
    program.child.kill('SIGINT');
    expect(await program.exit).toBe(0);
    expect(() => process.kill(app, 0)).toThrow('ESRCH');
  });
});
