import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import type { Examination } from '../../../../src/cli/doctor/examination.ts';
import { fixFor } from '../../../../src/cli/doctor/fixes.ts';
import type { FrontKind } from '../../../../src/cli/doctor/fronts.ts';
import { lines, type Topic } from '../../../../src/cli/doctor/lines.ts';

const topics = Object.keys(lines) as Topic[];

/** The lines for a front, without where they go. */
async function linesFor(front: FrontKind, topic: Topic): Promise<string[]> {
  const exam = { domain: 'a.test', port: 8443, config: { PORT: 3002 }, front: async () => front };
  const [, ...rows] = await fixFor(exam as unknown as Examination, topic);
  return rows.map((row) => row.slice(2));
}

test.each(topics)('no gap is left in the lines about %s', async (topic) => {
  for (const front of ['nginx', 'caddy', 'cloudflare', 'traefik', 'own'] as const) {
    expect(await linesFor(front, topic)).not.toContainEqual(
      expect.stringMatching(/\{(?:domain|domainPattern|port|publicPort)\}/),
    );
  }
});

describe('Traefik', () => {
  test.each(topics)('reads the lines about %s as flags, or as one file', async (topic) => {
    const rows = await linesFor('traefik', topic);
    const file = parse(rows.filter((row) => !row.startsWith('--')).join('\n'));
    if (file !== null) expect(Object.keys(file)).toEqual([expect.stringMatching(/^(?:http|tls)$/)]);
    for (const row of rows.filter((each) => each.startsWith('--'))) {
      expect(row).toMatch(/^--entryPoints\.websecure(?:\.\w+)+=\w+$/);
    }
  });

  test('is led to by the domain and what is below it, and by no other', async () => {
    const { http } = parse((await linesFor('traefik', 'lead')).join('\n'));
    const [, pattern = ''] =
      /^HostRegexp\(`(.*)`\)$/.exec(http.routers['daytona-proxy'].rule) ?? [];
    const led = ['a.test', '3000-x.a.test', 'axtest', 'ba.test'].map((host) =>
      new RegExp(pattern).test(host),
    );
    expect(led).toEqual([true, true, false, false]);
  });
});

test('behind Cloudflare there may be another server, which is not the one that browsers see by TLS', async () => {
  const behind =
    "# or it is the server behind it, which you see by: --resolve '*:8443:{its address}'";
  expect((await linesFor('cloudflare', 'upload')).at(-1)).toBe(behind);
  expect(await linesFor('cloudflare', 'names')).not.toContain(behind);
});
