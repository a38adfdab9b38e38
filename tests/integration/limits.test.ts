import { afterEach, describe, expect, test } from '@jest/globals';
import { ask, codeOf, refusedUpgrade } from '../support/client.ts';
import { type Rig, startRig } from '../support/rig.ts';

let rig: Rig;
const start = async (env: Record<string, string>) => {
  rig = await startRig({ app: (_req, res) => void res.end('ok'), env });
};
const get = (headers = {}) => ask(rig.proxy.port, { host: rig.host(), headers });

afterEach(() => rig.close());

describe('the rate limit', () => {
  test('counts requests and upgrades in one budget', async () => {
    await start({ RATE_LIMIT_MAX: '2' });
    expect((await get()).headers['ratelimit-policy']).toBe('2;w=60');
    await get();
    const answer = await get();
    expect([answer.status, codeOf(answer)]).toEqual([429, 'RATE_LIMITED']);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    const upgrade = await refusedUpgrade(rig.proxy.port, rig.host());
    expect([upgrade.status, codeOf(upgrade)]).toEqual([429, 'RATE_LIMITED']);
  });

  test('counts clients behind a trusted proxy each by themselves, IPv6 by /56', async () => {
    await start({ RATE_LIMIT_MAX: '1', TRUSTED_PROXIES: '127.0.0.1' });
    const from = async (address: string) => (await get({ 'x-forwarded-for': address })).status;
    expect(await from('1.1.1.1')).toBe(200);
    expect(await from('1.1.1.1')).toBe(429);
    expect(await from('2.2.2.2')).toBe(200);
    expect(await from('2001:db8:1:100::1')).toBe(200);
    expect(await from('2001:db8:1:1ff::2')).toBe(429);
    expect(await from('2001:db8:1:200::1')).toBe(200);
  });

  test('does not let a stranger choose the address', async () => {
    await start({ RATE_LIMIT_MAX: '1' });
    expect((await get({ 'x-forwarded-for': '1.1.1.1' })).status).toBe(200);
    expect((await get({ 'x-forwarded-for': '2.2.2.2' })).status).toBe(429);
  });

  test('is off at 0', async () => {
    await start({ RATE_LIMIT_MAX: '0' });
    for (let i = 0; i < 20; i++) expect((await get()).status).toBe(200);
  });
});
