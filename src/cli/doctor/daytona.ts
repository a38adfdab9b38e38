import { request } from 'undici';
import { z } from 'zod';
import { readJson } from '../answer.ts';
import type { Examination } from './examination.ts';
import { type Check, failed, ok, Skipped } from './finding.ts';

const patienceMs = 15_000;
const mostSkewMs = 30_000;
const dayMs = 86_400_000;

const listed = z.array(z.object({ id: z.string() }));
const list = listed.or(z.object({ items: listed }).transform(({ items }) => items));
const keyFacts = z.object({
  permissions: z.array(z.string()),
  expiresAt: z.string().nullish(),
});

interface ApiAnswer {
  readonly status: number;
  readonly json: unknown;
  readonly date: string | undefined;
  /** The middle of the call, in ms since the epoch. */
  readonly at: number;
}

/** Asks the API as the proxy does; a redirect is not followed, because it would take the key along. */
export async function askApi(exam: Examination, path: string, key: string): Promise<ApiAnswer> {
  const began = Date.now();
  const { DAYTONA_API_URL: base } = exam.config;
  const { statusCode, headers, body } = await request(base + path, {
    headers: { authorization: `Bearer ${key}`, accept: 'application/json' },
    signal: AbortSignal.timeout(patienceMs),
  });
  const at = (began + Date.now()) / 2;
  const json = await readJson(body);
  const { date } = headers;
  return { status: statusCode, json, date: typeof date === 'string' ? date : undefined, at };
}

/** The first call: the organization's sandboxes, or with the platform's key alone nobody's runner. */
function firstAnswer(exam: Examination): Promise<ApiAnswer> {
  return exam.once('api', async () => {
    const { DAYTONA_API_KEY: key, PROXY_API_KEY: proxyKey, DAYTONA_API_URL: url } = exam.config;
    const ask =
      key === undefined
        ? askApi(exam, `/runners/by-sandbox/${crypto.randomUUID()}`, proxyKey ?? '')
        : askApi(exam, '/sandbox?limit=1', key);
    return ask.catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${url} cannot be reached (${error.message || error.code})`);
    });
  });
}

const api: Check = {
  name: 'api',
  find: async (exam) => {
    const { DAYTONA_API_URL: url } = exam.config;
    const fix = [
      'DAYTONA_API_URL=https://app.daytona.io/api   # a self-hosted one: http://localhost:3000/api',
      `curl -i ${url}/health   # from this machine: DNS, firewall and HTTPS_PROXY are the usual reasons`,
    ];
    try {
      const { status, json } = await firstAnswer(exam);
      if (json === undefined || (status === 404 && exam.config.DAYTONA_API_KEY !== undefined)) {
        return failed(`${url} is no Daytona API: it answered ${status}, and no JSON of one`, fix);
      }
      if (status === 429) return failed(`${url} is asked too often (429)`, ['Wait a minute.']);
      if (status >= 500) return failed(`${url} answers ${status}`, fix);
      return ok(`${url} answers`);
    } catch (error) {
      return failed((error as Error).message, fix);
    }
  },
};

const rights: Check = {
  name: 'rights',
  find: async (exam) => {
    const first = await firstAnswer(exam).catch(() => undefined);
    if (!first || first.json === undefined || first.status >= 429) {
      throw new Skipped('the API has to answer first');
    }
    const { DAYTONA_API_KEY: key, MODE } = exam.config;
    const name = key === undefined ? 'PROXY_API_KEY' : 'DAYTONA_API_KEY';
    const newKey =
      key === undefined
        ? ['PROXY_API_KEY=…   # the one that the API of the platform was started with']
        : [
            'In Daytona’s dashboard: Keys > Create Key, with sandboxes: write',
            'DAYTONA_API_KEY=…   # into .env',
          ];
    if (first.status === 401) return failed(`the API refuses ${name}`, newKey);
    if (first.status === 403) return failed(`${name} may not list sandboxes`, newKey);
    if (key === undefined) return ok(`the API takes ${name}`);
    const sandboxes = list.safeParse(first.json).data;
    if (!sandboxes) throw new Skipped('the API answers in a shape that is not known');
    const can = [`${name} lists sandboxes`];
    const missing: string[] = [];
    const sandbox = exam.options.sandbox ?? sandboxes[0]?.id;
    if (MODE === 'preview' && sandbox !== undefined) {
      const link = await previewLink(exam, sandbox, key);
      if (link.status === 404) missing.push(`does not see the sandbox ${sandbox}`);
      else if (link.status >= 400) missing.push(`gets no preview links (${link.status})`);
      else can.push('gets preview links');
    } else if (MODE === 'preview') can.push('preview links were not tried: there is no sandbox');
    const facts = keyFacts.safeParse((await askApi(exam, '/api-keys/current', key)).json).data;
    if (facts?.permissions.includes('write:sandboxes')) can.push('starts sandboxes');
    else if (facts && exam.config.WAKE !== 'off') {
      missing.push('lacks write:sandboxes, to start those that sleep (or set WAKE=off)');
    }
    const days = (Date.parse(facts?.expiresAt ?? '') - Date.now()) / dayMs;
    if (days < 14) missing.push(`ends soon: ${Math.max(0, Math.floor(days))} days left`);
    if (missing.length > 0) return failed(`${name} ${missing.join('; ')}`, newKey);
    return ok(can.join(', '));
  },
};

const previewLink = (exam: Examination, sandbox: string, key: string) =>
  askApi(
    exam,
    `/sandbox/${encodeURIComponent(sandbox)}/ports/${exam.options.port ?? 3000}/preview-url`,
    key,
  );

const link = z.object({ token: z.string() });

/** A sandbox's preview token; undefined where we have no key that gets one. */
export async function previewToken(
  exam: Examination,
  sandbox: string,
): Promise<string | undefined> {
  const { DAYTONA_API_KEY: key } = exam.config;
  if (key === undefined) return undefined;
  return link.safeParse((await previewLink(exam, sandbox, key)).json).data?.token;
}

const clock: Check = {
  name: 'clock',
  find: async (exam) => {
    const answer = await firstAnswer(exam).catch(() => undefined);
    const date = Date.parse(answer?.date ?? '');
    if (!answer || Number.isNaN(date)) throw new Skipped('the API has not said what time it is');
    // A Date is cut to the second: half of one is its middle.
    const skewMs = answer.at - (date + 500);
    const seconds = Math.round(Math.abs(skewMs) / 1000);
    if (Math.abs(skewMs) <= mostSkewMs) return ok('this machine and the API agree');
    return failed(
      `this machine is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the API: sessions, logins and share links are judged by the wrong time`,
      ['timedatectl set-ntp true', 'timedatectl timesync-status'],
    );
  },
};

/** Daytona's API, what its key may do, and what time it is there. */
export const daytonaChecks: readonly Check[] = [api, rights, clock];
