import { expect, test } from '@jest/globals';
import { tooOld } from '../../../src/store/redisVersion.ts';

const info = (version: string) =>
  `# Server\r\nredis_version:${version}\r\nredis_mode:standalone\r\n`;

test.each(['5.0.14', '6.0.16', '6.1.240'])('%s is too old', (version) => {
  expect(tooOld(info(version))).toBe(version);
});

test.each(['6.2.0', '7.0.15', '10.0.0', 'unknown'])('%s is not too old', (version) => {
  expect(tooOld(info(version))).toBeUndefined();
});
