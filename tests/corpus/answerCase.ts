import type { Step } from '../support/scriptedUpstream.ts';

/** An answer as the visitor should get it, apart from the fields that this proxy writes itself. */
export interface Whole {
  readonly status: number;
  /** `Name: value`, in their order. */
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
}

/** What may become of an answer: it comes whole, it breaks off, or ours comes in its place. */
export type Fate = 'whole' | 'cut' | 'refused';

/** What the visitor may get. */
export type Verdict =
  /**
   * The sandbox's answer framed by us, as a whole or as its beginning and a closed connection; or
   * a complete 502 of ours within a second, where nothing was sent before.
   */
  | { readonly kind: 'answer'; readonly may: readonly Fate[]; readonly answer: Whole }
  /** A 101, then these bytes. */
  | { readonly kind: 'joined'; readonly fields: readonly string[]; readonly bytes: string }
  /** Nothing, for as long as the visitor waits; and when it leaves, the sandbox is left too. */
  | { readonly kind: 'silent' };

/**
 * One hostile answer, and what it may do. `{host}` stands for the visitor's Host and `{port}` for
 * the sandbox's port, in steps and verdicts.
 */
export interface SandboxAnswer {
  readonly name: string;
  readonly steps: readonly Step[];
  /** To a plain request. */
  readonly request: Verdict;
  /** To an upgrade. */
  readonly upgrade: Verdict;
  /** Method of the plain request, if not GET. */
  readonly method?: string;
  /** Sent on connecting, before any request. */
  readonly greeting?: readonly Step[];
  /** True where bytes follow that answer nothing: the connection may serve no other request. */
  readonly poisons?: boolean;
}

type More = Partial<Pick<SandboxAnswer, 'upgrade' | 'method' | 'greeting' | 'poisons'>>;

/** Makes an entry; an upgrade has the same verdict unless `more` says otherwise. */
export function sandboxAnswer(
  name: string,
  steps: Step | readonly Step[],
  request: Verdict,
  more: More = {},
): SandboxAnswer {
  return {
    name,
    steps: Array.isArray(steps) ? steps : [steps],
    request,
    upgrade: request,
    ...more,
  };
}

type Parts = [
  fields?: readonly string[],
  status?: number,
  body?: string,
  trailers?: readonly string[],
];

const verdict =
  (...may: Fate[]) =>
  (...[fields = [], status = 200, body = 'evil', trailers = []]: Parts): Verdict => {
    return { kind: 'answer', may, answer: { fields, status, body, trailers } };
  };

export const passed = verdict('whole');
export const passedOrRefused = verdict('whole', 'refused');
export const cut = verdict('cut', 'refused');
export const whatever = verdict('whole', 'cut', 'refused');
export const refused = verdict('refused')();
export const silent: Verdict = { kind: 'silent' };

export function joined(bytes = 'evil', fields: readonly string[] = []): Verdict {
  return { kind: 'joined', fields, bytes };
}

/** `HTTP/1.1 200 OK` with four bytes of body and these fields before its length. */
export function ok(...fields: string[]): string {
  return `HTTP/1.1 200 OK\r\n${[...fields, 'Content-Length: 4'].join('\r\n')}\r\n\r\nevil`;
}

/** `HTTP/1.1 200 OK` with these fields, and no framing but what they say. */
export function head(...fields: string[]): string {
  return `HTTP/1.1 200 OK\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`;
}
