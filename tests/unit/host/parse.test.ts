import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseHost } from '../../../src/host/parse.ts';

const uuid = '83792513-cd9e-428f-99c0-63c63bc7739c';
const domains = ['proxy.example.com', 'second.test'];

describe('parseHost', () => {
  test.each([
    [`3000-${uuid}.proxy.example.com`, uuid, 3000],
    [`${uuid}-3000.proxy.example.com`, uuid, 3000],
    [`3000-${uuid}.second.test`, uuid, 3000],
    ['4096-abc123def456.proxy.example.com', 'abc123def456', 4096],
    ['sandbox-123456-8080.proxy.example.com', 'sandbox-123456', 8080],
    ['3000-my-app-8080.proxy.example.com', 'my-app-8080', 3000],
    ['70000-app-8080.proxy.example.com', '70000-app', 8080],
    [`3000-${uuid.replaceAll('-', '')}.proxy.example.com`, uuid, 3000],
    [`${uuid.replaceAll('-', '').toUpperCase()}-1.PROXY.Example.com`, uuid, 1],
    ['3000-ABC.proxy.example.com.', 'abc', 3000],
    ['3000-abc.proxy.example.com:8443', 'abc', 3000],
    ['3000-abc.proxy.example.com.:443', 'abc', 3000],
    ['65535-a.proxy.example.com', 'a', 65535],
  ])('reads %s', (host, id, port) => {
    expect(parseHost(host, domains, 'auto')).toEqual({ id, port });
  });

  test.each([
    ['no port', 'abc.proxy.example.com'],
    ['port 0', '0-abc.proxy.example.com'],
    ['port 70000', '70000-abc.proxy.example.com'],
    ['a leading zero', '08080-abc.proxy.example.com'],
    ['six digits', '123456-abc.proxy.example.com'],
    ['a foreign domain', '3000-abc.example.com'],
    ['a domain that only ends alike', '3000-abc.evilproxy.example.com'],
    ['one label more', '3000-abc.x.proxy.example.com'],
    ['the bare domain', 'proxy.example.com'],
    ['a slash', '3000-abc/..proxy.example.com'],
    ['a percent sign', '3000-a%2e.proxy.example.com'],
    ['an underscore', '3000-a_b.proxy.example.com'],
    ['a dash at the end', '3000-abc-.proxy.example.com'],
    ['no id', '3000-.proxy.example.com'],
    ['a label of 64 characters', `3000-${'a'.repeat(59)}.proxy.example.com`],
    ['an empty name', ''],
    ['two trailing dots', '3000-abc.proxy.example.com..'],
  ])('refuses %s', (_what, host) => {
    expect(parseHost(host, domains, 'auto')).toBeUndefined();
  });

  test('serves any domain when none is configured, but never an address', () => {
    expect(parseHost('3000-abc.whatever.test', [], 'auto')).toEqual({ id: 'abc', port: 3000 });
    expect(parseHost('127.0.0.1:3002', [], 'auto')).toBeUndefined();
    expect(parseHost('localhost:3002', [], 'auto')).toBeUndefined();
    expect(parseHost('3000-abc', [], 'auto')).toBeUndefined();
  });

  test('accepts only the configured format', () => {
    expect(parseHost('abc-3000.second.test', domains, 'port-first')).toBeUndefined();
    expect(parseHost('3000-abc.second.test', domains, 'id-first')).toBeUndefined();
    expect(parseHost('3000-abc-80.second.test', domains, 'id-first')?.id).toBe('3000-abc');
  });

  test('reads every UUID and port back, in both formats', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 65535 }), (id, port) => {
        for (const label of [`${port}-${id}`, `${id}-${port}`]) {
          expect(parseHost(`${label}.second.test`, domains, 'auto')).toEqual({ id, port });
        }
      }),
    );
  });

  test('never throws, and gives nothing but labels and ports', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 80 }), (text) => {
        const found = parseHost(`${text}.second.test`, domains, 'auto');
        if (!found) return;
        expect(found.id).toMatch(/^[a-z0-9][a-z0-9-]*$/);
        expect(found.port).toBeGreaterThan(0);
        expect(found.port).toBeLessThan(65536);
      }),
    );
  });
});
