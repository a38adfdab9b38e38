import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import type { Before, MovingCase, Settings } from '../corpus/daytonaProxyCase.ts';
import { type Answer, type Ask, ask } from './client.ts';
import { echoSockets } from './echo.ts';
import { eventually } from './eventually.ts';
import { masked } from './masking.ts';
import { domain, type Rig, type RigOptions, startRig } from './rig.ts';

const person = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
const jwt = 'the-jwt-of-ann';

const optionsOf: Readonly<Record<Settings, RigOptions>> = {
  usual: {},
  'behind HTTPS': { env: { PROXY_PROTOCOL: 'https' } },
  'no organization key': { organizationKey: false },
  warning: { env: { PREVIEW_WARNING_ENABLED: 'true' } },
  'toolbox only': { env: { TOOLBOX_ONLY_MODE: 'true' } },
  'redirects followed': { env: { FOLLOW_REDIRECTS: '10' } },
  'cookie domain': { env: { COOKIE_DOMAIN: `.${domain}` } },
};

/** What came of one request, of which a row says a part. */
export interface Happened {
  readonly answer: Answer;
  /** What the app and the runner saw of it, the last time. */
  readonly seen: IncomingMessage | undefined;
  readonly atRunner: IncomingMessage | undefined;
  readonly times: number;
  /** Whether Daytona was asked to start the sandbox, which may come to it behind the answer. */
  starts(expected: boolean): Promise<boolean>;
  /** Puts the values of this sandbox in the place of `{id}` and the like. */
  readonly fill: (text: string) => string;
  /** Whether Daytona was told that the sandbox is in use. */
  counts(expected: boolean): Promise<boolean>;
}

/** A self-hosted Daytona with this proxy in the place of its own, and what asks it. */
export class MovingRig {
  readonly #rig: Rig;
  #case: MovingCase = {};
  #seen: IncomingMessage | undefined;
  #atRunner: IncomingMessage[] = [];

  static async start(settings: Settings): Promise<MovingRig> {
    const holder: { moving?: MovingRig } = {};
    const rig = await startRig({
      platform: true,
      app: (req, res) => {
        const { status = 200, headers } = holder.moving?.see(req) ?? {};
        res.writeHead(status, { ...headers, 'x-from': 'app' }).end();
      },
      people: {
        issuer: 'http://127.0.0.1:1',
        clientId: 'daytona',
        mayAccess: async (accessToken) => accessToken === jwt,
      },
      ...optionsOf[settings],
    });
    const moving = new MovingRig(rig);
    holder.moving = moving;
    return moving;
  }

  private constructor(rig: Rig) {
    this.#rig = rig;
    const app = rig.sandbox.ports.get(3000) ?? 0;
    for (const port of [22222, 33333]) rig.sandbox.ports.set(port, app);
    echoSockets(rig.app);
    rig.app.on('upgrade', (req) => this.see(req));
    for (const runner of rig.daytona.runners.all) {
      runner.on('request', (req) => {
        this.#atRunner.push(req);
        if (this.#case.breaks) req.socket.destroy();
      });
    }
  }

  /** Keeps what the app is asked, and says what it is to answer. */
  see(req: IncomingMessage): MovingCase['app'] {
    this.#seen = req;
    return req.url === (this.#case.path ?? '/') ? this.#case.app : undefined;
  }

  async run(request: MovingCase): Promise<Happened> {
    const { daytona } = this.#rig;
    const { exists = true, ...facts } = request.sandbox ?? {};
    const { ports } = this.#rig.sandbox;
    const sandbox = daytona.sandboxes.create({
      public: true,
      ...facts,
      labels: { ...facts.labels },
      ports,
    });
    if (!exists) daytona.sandboxes.delete(sandbox);
    const { port = 3000, host = '{port}-{id}.{domain}' } = request;
    const values: Record<string, string> = {
      port: String(port),
      id: sandbox.id,
      name: sandbox.name,
      domain,
      token: sandbox.token,
      signed: daytona.sandboxes.sign(sandbox, port, 60),
      key: daytona.apiKey,
      jwt,
      runnerKey: daytona.runners.all[0]?.apiKey ?? '',
    };
    const fill = (text: string) => text.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
    values.host = fill(host);

    this.#case = {};
    const key = { authorization: `Bearer ${daytona.apiKey}` };
    const happen: Record<Before, () => unknown> = {
      'is visited': () => this.#send({ host: fill(host), headers: key }),
      moves: async () => {
        if (daytona.runners.all.length < 2) await daytona.runners.add();
        sandbox.runner = 1;
      },
      stops: () => daytona.sandboxes.stop(sandbox),
      'is deleted': () => daytona.sandboxes.delete(sandbox),
      'goes private': () => {
        sandbox.public = false;
      },
      'is entered by a link': async () => {
        const path = `/?DAYTONA_SANDBOX_AUTH_KEY=${sandbox.token}`;
        const { headers } = await this.#send({ host: fill(host), path, headers: person });
        values.session = headers['set-cookie']?.[0]?.split(';')[0] ?? '';
      },
      'loses its signed address': () => daytona.sandboxes.expire(values.signed ?? ''),
    };
    for (const event of request.before ?? []) await happen[event]();

    this.#case = request;
    this.#seen = undefined;
    this.#atRunner = [];
    const answer = await this.#send({
      host: fill(host),
      path: fill(request.path ?? '/'),
      method: request.method ?? 'GET',
      headers: headersOf(request, fill),
      ...(request.body !== undefined && { body: request.body }),
    });
    const about = (path: string) => new RegExp(`/sandbox/${sandbox.id}/${path}$`);
    return {
      answer,
      seen: this.#seen,
      atRunner: this.#atRunner.at(-1),
      times: this.#atRunner.length,
      fill,
      starts: (expected) => this.#calls(about('start'), expected),
      counts: (expected) => this.#calls(about('last-activity'), expected),
    };
  }

  close(): Promise<void> {
    return this.#rig.close();
  }

  /** Says whether Daytona is called; where not, once it has heard of what came later. */
  async #calls(path: RegExp, expected: boolean): Promise<boolean> {
    const { daytona, sandbox } = this.#rig;
    const called = (which = path) => daytona.callsOf('POST', which).length > 0;
    if (expected) return eventually(() => called());
    const { ports } = sandbox;
    const other = daytona.sandboxes.create({ public: true, ports });
    const key = { authorization: `Bearer ${daytona.apiKey}` };
    await this.#send({ host: this.#rig.host(22222, other), headers: key });
    const later = new RegExp(`/sandbox/${other.id}/last-activity$`);
    if (!(await eventually(() => called(later)))) throw new Error('nothing is reported at all');
    return called();
  }

  async #send(what: Ask): Promise<Answer> {
    const { port } = this.#rig.proxy;
    if (!what.headers?.upgrade) return ask(port, what);
    const { host, path = '/', headers } = what;
    const sent = { host: '127.0.0.1', port, path, headers: { ...headers, host }, agent: false };
    const req = http.request(sent).end();
    const [res, socket] = await Promise.race([once(req, 'upgrade'), once(req, 'response')]);
    if (socket && what.body !== undefined) {
      const text = Buffer.from(String(what.body));
      socket.write(masked(Buffer.concat([Buffer.from([0x81, text.length]), text])));
      await once(socket, 'data'); // Nothing is lost: the echo's own word came, or comes.
    }
    socket?.destroy();
    const { statusCode: status, rawHeaders } = res;
    return { status, headers: res.headers, rawHeaders, body: '' };
  }
}

function headersOf({ as = 'program', headers = {} }: MovingCase, fill: (text: string) => string) {
  const own = Object.entries(headers).map(([name, value]) => [name, fill(value)]);
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const of = { person, program: { accept: '*/*' }, websocket: handshake };
  return { ...of[as], ...Object.fromEntries(own) };
}
