import { expect, test } from '@jest/globals';
import { isNear } from '../../../src/access/healthProbes.ts';

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.1.2.3', '::ffff:172.31.0.1', 'fd00::1'])(
  '%s is near',
  (address) => expect(isNear(address)).toBe(true),
);

test.each(['', '192.0.2.1', '172.32.0.1', '::ffff:192.0.2.1', '2001:db8::1', '2002:a00::1'])(
  '"%s" is not near',
  (address) => expect(isNear(address)).toBe(false),
);
