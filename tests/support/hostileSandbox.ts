import type { SandboxAnswer } from '../corpus/answerCase.ts';
import { expectVerdict, fill } from './answerVerdict.ts';
import { RawConnection } from './rawConnection.ts';
import { type ScriptedUpstream, type Step, startScriptedUpstream } from './scriptedUpstream.ts';
import { readAnswer, valuesOf, type WireAnswer } from './strictAnswer.ts';

export type Kind = 'request' | 'upgrade';

/** Where a visitor asks: the proxy's port, and the Host that leads to the hostile sandbox. */
export interface Door {
  readonly proxyPort: number;
  readonly host: string;
}

const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

interface Plans {
  readonly answers: Map<string, readonly Step[]>;
  /** When the visitor who asked for a path has received something. */
  readonly seen: Map<string, Promise<void>>;
  /** What the next connections begin with. */
  readonly greetings: (readonly Step[])[];
}

/** A sandbox that gives every visitor the answer that the visitor's test chose for it. */
export class HostileSandbox {
  readonly upstream: ScriptedUpstream;
  /** So soon the proxy's own answers have to be there, in ms. */
  withinMs = 1_000;
  readonly #plans: Plans;
  #count = 0;

  private constructor(upstream: ScriptedUpstream, plans: Plans) {
    this.upstream = upstream;
    this.#plans = plans;
  }

  static async start(): Promise<HostileSandbox> {
    const plans: Plans = { answers: new Map(), seen: new Map(), greetings: [] };
    const upstream = await startScriptedUpstream({
      // What nobody has planned is asked in good faith, and answered with its own path.
      answer: (path) => plans.answers.get(path) ?? [pathAnswer(path)],
      greeting: () => plans.greetings.shift() ?? [],
      seen: (path) => plans.seen.get(path) ?? Promise.resolve(),
    });
    return new HostileSandbox(upstream, plans);
  }

  /** Prepares steps as the answer to a path that nobody has asked for yet, and gives that path. */
  plan(steps: readonly Step[], host: string): string {
    this.#count += 1;
    const path = `/evil/${this.#count}`;
    const filled = steps.map((step) => (typeof step === 'string' ? fill(step, host) : step));
    this.#plans.answers.set(path, filled);
    return path;
  }

  /**
   * Has a visitor ask for an answer, and expects that the proxy makes the right thing of it.
   *
   * @param kept a connection of that visitor's that is still open
   * @returns the connection where the answer leaves it open for another request
   */
  async visit(
    { proxyPort, host }: Door,
    entry: SandboxAnswer,
    kind: Kind,
    kept?: RawConnection,
  ): Promise<RawConnection | undefined> {
    const verdict = entry[kind];
    const method = (kind === 'request' && entry.method) || 'GET';
    if (entry.greeting) this.#plans.greetings.push(entry.greeting);
    const path = this.plan(entry.steps, host);
    const visitor = kept ?? (await RawConnection.open(proxyPort));
    this.#plans.seen.set(
      path,
      visitor.until((received) => received !== '', 20_000),
    );
    const sentAt = performance.now();
    const fields = kind === 'request' ? ['TE: trailers', 'Connection: TE'] : handshake;
    visitor.send(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\n${fields.join('\r\n')}\r\n\r\n`);

    if (verdict.kind === 'silent') {
      const request = await this.upstream.asked(path);
      await request.played;
      expectVerdict(verdict, undefined, host, performance.now() - sentAt, this.withinMs);
      if (visitor.received !== '') throw new Error(`received ${visitor.received}`);
      visitor.socket.destroy();
      await gone(request.socket);
      return undefined;
    }
    if (verdict.kind === 'joined') {
      const awaited = verdict.bytes.length;
      await visitor.until(
        (text) => (readAnswer(text, method, false)?.body.length ?? -1) >= awaited,
      );
    }
    const answer = await visitor.read(method);
    expectVerdict(verdict, answer, host, performance.now() - sentAt, this.withinMs);
    const request = await this.upstream.asked(path);
    if (entry.poisons) await gone(request.socket);
    if (answer?.status === 101) {
      visitor.socket.destroy();
      await gone(request.socket);
      return undefined;
    }
    if (answer?.complete && !saysClose(answer)) return visitor;
    await visitor.closed();
    if (visitor.received !== '') throw new Error(`behind the answer: ${visitor.received}`);
    return undefined;
  }

  /** How often the proxy has asked for the answer planned last. */
  get timesAsked(): number {
    const path = `/evil/${this.#count}`;
    return this.upstream.received.filter((request) => request.path === path).length;
  }

  close(): Promise<void> {
    return this.upstream.close();
  }
}

function pathAnswer(path: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`;
}

function saysClose({ fields }: WireAnswer): boolean {
  return valuesOf(fields, 'connection').some((value) => /\bclose\b/i.test(value));
}

/** Resolves when the proxy has closed its connection to the sandbox. */
async function gone(socket: ScriptedUpstream['received'][number]['socket']): Promise<void> {
  if (socket.closed) return;
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('the sandbox’s connection is kept')), 3_000);
    socket.once('close', () => {
      clearTimeout(late);
      resolve();
    });
  });
}
