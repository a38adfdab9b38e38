/**
 * What a visitor sends. `{id}`, `{name}`, `{token}`, `{signed}`, `{key}`, `{jwt}`, `{session}`, `{host}` and
 * `{domain}` stand for what belongs to the sandbox of the row.
 */
export interface MovingRequest {
  /** `{port}-{id}.{domain}` if nothing is said. */
  readonly host?: string;
  /** 3000 if nothing is said. */
  readonly port?: number;
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of a WebSocket: what the visitor says once it is open. */
  readonly body?: string;
  /** A program if nothing is said. */
  readonly as?: 'person' | 'program' | 'websocket';
}

/** What happens to the sandbox before the request, in its order. */
export type Before =
  | 'is visited'
  | 'moves'
  | 'stops'
  | 'is deleted'
  | 'goes private'
  | 'is entered by a link'
  | 'loses its signed address';

/** The settings of the proxy that a row needs; each is a proxy of its own. */
export type Settings =
  | 'usual'
  | 'behind HTTPS'
  | 'no organization key'
  | 'warning'
  | 'toolbox only'
  | 'redirects followed'
  | 'cookie domain';

export interface MovingCase extends MovingRequest {
  /** Public and started if nothing is said. */
  readonly sandbox?: {
    readonly public?: boolean;
    readonly state?: string;
    readonly labels?: Readonly<Record<string, string>>;
    /** False for an id that Daytona does not know. */
    readonly exists?: boolean;
  };
  /** What the app answers at the path of the request; 200 if nothing is said, and elsewhere. */
  readonly app?: {
    readonly status?: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** True where the connection to the runner breaks under the request. */
  readonly breaks?: boolean;
  readonly before?: readonly Before[];
  readonly settings?: Settings;
}

/** Fields by their names in lower case; `null` for one that must not be there. */
export type Fields = Readonly<Record<string, string | null>>;

/** What came of a request, as far as the row is about it. */
export interface Outcome {
  readonly status: number;
  /** Who has answered. */
  readonly from: 'app' | 'toolbox' | 'proxy';
  /** The code of an error of ours. */
  readonly code?: string;
  /** Of the answer; what is secret of a cookie or an address is `…`. */
  readonly headers?: Fields;
  /** Of the request, as the app saw it; `url` and `method` are its first line. */
  readonly seen?: Fields;
  /** Of the request, as the runner saw it. */
  readonly atRunner?: Fields;
  /** How often the runner was asked. */
  readonly times?: number;
  /** Stands in the page that a person sees. */
  readonly page?: string;
  /** Whether Daytona was asked to start the sandbox. */
  readonly starts?: boolean;
  /** Whether Daytona was told that the sandbox is in use. */
  readonly counts?: boolean;
}

/** One request, what Daytona's own proxy v0.190 answers by its documents, and what we do. */
export interface MovingRow {
  readonly name: string;
  readonly request: MovingCase;
  /** undefined where it is the same. */
  readonly daytona: string | undefined;
  readonly ours: Outcome;
  /** The reason of a difference. */
  readonly why: string | undefined;
}

export function same(name: string, request: MovingCase, ours: Outcome): MovingRow {
  return { name, request, daytona: undefined, ours, why: undefined };
}

export function differs(
  name: string,
  request: MovingCase,
  daytona: string,
  ours: Outcome,
  why: string,
): MovingRow {
  return { name, request, daytona, ours, why };
}

/** What the documents do not say. */
export const undocumented = 'not documented';

/** How Daytona's own proxy answers whoever shows no credential that it takes. */
export const toLogin = '307 to the OIDC provider';

/** The answer of the app, or of what else listens on the port. */
export const answered: Outcome = { status: 200, from: 'app' };
export const byToolbox: Outcome = { status: 200, from: 'toolbox' };
export const refused = (status: number, code: string, more: Partial<Outcome> = {}): Outcome => ({
  ...more,
  status,
  from: 'proxy',
  code,
});

/** What a program gets that shows no credential. */
export const asked = refused(401, 'LOGIN_REQUIRED', { headers: { 'www-authenticate': 'Bearer' } });
export const whyAsked = 'programs cannot follow a login';

export const shut = { public: false } as const;
export const bearer = { authorization: 'Bearer {key}' } as const;
