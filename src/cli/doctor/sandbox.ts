import { writeHost } from '../../host/parse.ts';
import { readText } from '../answer.ts';
import { called } from '../name.ts';
import { isOpenCode } from '../probes.ts';
import { checkTerminal } from '../terminal.ts';
import { previewToken } from './daytona.ts';
import type { Examination } from './examination.ts';
import { type Check, failed, ok, Skipped } from './finding.ts';
import { addressOf } from './front.ts';
import { isAddress } from './network.ts';
import { isTrusted } from './tls.ts';

const mostShown = 200;
const leewayMs = 10_000;
const warning = /<title>[^<]*Daytona Preview - Warning|Preview URL Warning/i;
const asBrowser = {
  'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  accept: 'text/html,application/xhtml+xml',
  'sec-fetch-dest': 'document',
  'sec-fetch-mode': 'navigate',
  'sec-fetch-site': 'none',
};

/** The sandbox that was named, as it is reached through the public address. */
function appOf(exam: Examination) {
  return exam.once('app', async () => {
    const { sandbox, port = 4096 } = exam.options;
    if (sandbox === undefined)
      throw new Skipped('tried only if you name one: --sandbox <id> --port <port>');
    if (isAddress(exam.domain)) throw new Skipped('an address has no names below it');
    const reached = await addressOf(exam).catch(() => undefined);
    if (reached?.result !== 'ok') throw new Skipped('public-address has to be right first');
    // Whoever stands in between could take the sandbox's token: it goes only where TLS says who it is.
    // And not by another connection than the one that has said so.
    const host = writeHost(sandbox, port, exam.domain, exam.config.HOST_FORMAT);
    const mayShow = exam.url.protocol === 'http:' ? exam.staysHere(host) : await isTrusted(exam);
    const token = mayShow ? await previewToken(exam, sandbox).catch(() => undefined) : undefined;
    const headers: Record<string, string> =
      token === undefined ? {} : { 'x-daytona-preview-token': token };
    return { proxy: await (mayShow ? exam.safeWay : exam.way), host, headers, mayShow };
  });
}

/** The front page of the app, as a browser asks for it. */
function pageOf(exam: Examination) {
  return exam.once('page', async () => {
    const { proxy, host, headers } = await appOf(exam);
    // A program is told that it may not enter; a browser is led to the login, as an app might do.
    // It may sleep, and is then held until it has started.
    const patient = () => ({ signal: AbortSignal.timeout(exam.config.WAKE_HOLD_MS + leewayMs) });
    const first = await proxy.ask('/', { ...patient(), host, headers });
    const refused = first.headers['x-proxy-error'];
    if (refused !== undefined) {
      await first.body.dump().catch(() => {});
      return { host, status: first.statusCode, code: refused, text: '' };
    }
    first.body.on('error', () => {}).destroy(); // It may be long, and is not wanted.
    const answer = await proxy.ask('/', {
      ...patient(),
      host,
      headers: { ...asBrowser, ...headers },
    });
    const { 'x-proxy-error': code } = answer.headers;
    const text = await readText(answer.body);
    return { host, status: answer.statusCode, code, text };
  });
}

const sandbox: Check = {
  name: 'sandbox',
  find: async (exam) => {
    const { host, status, code } = await pageOf(exam);
    if (code === undefined) return ok(`${host} answers ${status}`);
    const { mayShow } = await appOf(exam);
    const bare = mayShow
      ? ''
      : '; it was asked without its token, which needs HTTPS with a right certificate';
    return failed(`${host}: the proxy says ${status} ${code}${bare}`, [
      `More of it: ${called(`sandbox test ${exam.options.sandbox}`)}`,
    ]);
  },
};

const warningScreen: Check = {
  name: 'warning-screen',
  find: async (exam) => {
    const { host, code, text } = await pageOf(exam);
    if (code !== undefined) throw new Skipped('the sandbox has to answer first');
    if (exam.config.PREVIEW_WARNING_ENABLED && exam.config.MODE === 'platform') {
      throw new Skipped('PREVIEW_WARNING_ENABLED=true shows one');
    }
    if (!warning.test(text)) return ok('a browser sees the app at once');
    return failed(`${host} shows Daytona’s warning to browsers: it does not come by this proxy`, [
      `*.${exam.domain} has to lead to daytona-proxy, and not to Daytona’s own proxy`,
    ]);
  },
};

const sandboxWebSocket: Check = {
  name: 'sandbox-websocket',
  find: async (exam) => {
    const app = await appOf(exam);
    const { code } = await pageOf(exam);
    if (code !== undefined) throw new Skipped('the sandbox has to answer first');
    if (!(await isOpenCode(app).catch(() => false))) {
      throw new Skipped('not OpenCode: which WebSocket its app has is not known');
    }
    const { result, detail } = await checkTerminal(app);
    return result === 'ok' ? ok(detail) : failed(detail.slice(0, mostShown));
  },
};

/** As much as can be asked of any app. */
export const sandboxChecks: readonly Check[] = [sandbox, warningScreen, sandboxWebSocket];
