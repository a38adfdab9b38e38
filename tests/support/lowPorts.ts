import { readFileSync } from 'node:fs';
import { describe, test } from '@jest/globals';

/**
 * Describes tests that listen below port 1024 on addresses of loopback's own (127.x.x.x), which Linux
 * lets root do. Elsewhere they fail in CI, so that nothing goes untested unnoticed, and are skipped
 * otherwise, which is printed.
 */
export function describeWithLowPorts(name: string, fn: () => void): void {
  if (mayListen()) describe(name, fn);
  else if (process.env.CI) {
    test(`${name}: needs ports below 1024`, () => {
      throw new Error('only root on Linux may listen there');
    });
  } else {
    console.warn(`ports below 1024 are not for this user; skipped: ${name}`);
    describe.skip(name, fn);
  }
}

function mayListen(): boolean {
  if (process.platform !== 'linux') return false;
  const first = readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8');
  return process.getuid?.() === 0 || Number(first) <= 80;
}
