import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { otherPort } from '../../../src/host/otherPort.ts';
import { type HostFormat, parseHost } from '../../../src/host/parse.ts';

const uuid = '83792513-cd9e-428f-99c0-63c63bc7739c';

test.each([
  ['3000-abc.proxy.test', 'abc', '4096-abc.proxy.test'],
  ['abc-3000.proxy.test:8443', 'abc', 'abc-4096.proxy.test:8443'],
  [`3000-${uuid.replaceAll('-', '')}.a.b`, uuid, `4096-${uuid.replaceAll('-', '')}.a.b`],
  ['3000-3000-3000.proxy.test', '3000-3000', undefined],
  ['3000-other.proxy.test', 'abc', undefined],
  [`9-${'a'.repeat(60)}.proxy.test`, 'a'.repeat(60), undefined],
])('the other port of %s (%s) is at %s', (host, id, expected) => {
  const port = host.startsWith('9-') ? 9 : 3000;
  expect(otherPort(host, { id, port }, 4096)).toBe(expected);
});

test('what it writes is read as the same sandbox’s other port', () => {
  const id = fc.stringMatching(/^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/);
  const port = fc.integer({ min: 1, max: 65_535 });
  const format = fc.constantFrom<HostFormat[]>('auto', 'port-first', 'id-first');
  fc.assert(
    fc.property(id, port, port, format, fc.boolean(), (name, from, to, how, first) => {
      const host = `${first ? `${from}-${name}` : `${name}-${from}`}.proxy.test`;
      const address = parseHost(host, ['proxy.test'], how);
      if (!address) return;
      const other = otherPort(host, address, to);
      if (other === undefined) return;
      expect(parseHost(other, ['proxy.test'], how)).toEqual({ ...address, port: to });
    }),
  );
});
