/** A request as the sandbox may see it, apart from the fields that this proxy writes itself. */
export interface Carried {
  readonly kind: 'carried';
  readonly method: string;
  readonly target: string;
  /** `Name: value`, in their order; none of them is ours. */
  readonly fields: readonly string[];
  readonly body: string;
  /** The visitor's Host as it was sent, if not `$H`. */
  readonly host?: string;
  /** True for an upgrade; without a tunnel the sandbox refuses it. */
  readonly handshake?: boolean;
  /** What the client sent behind a handshake that the sandbox accepts. */
  readonly tunnel?: string;
}

/** One complete error answer of ours, a closed connection, and no request to anybody. */
export interface Refused {
  readonly kind: 'refused';
  readonly status: number;
  /**
   * True where the head is sound and only the body is not: the sandbox may have been asked by
   * then, but never gets the whole of that request.
   */
  readonly begun: boolean;
}

export type Outcome = Carried | Refused;

/**
 * What a client sends on one connection, and what becomes of it. `$H` stands for the Host of the
 * sandbox that is asked for, `$O` for the one of another sandbox, which is never to be reached.
 */
export interface ClientRequest {
  readonly name: string;
  /** latin1 */
  readonly bytes: string;
  /** One for each request on the connection that is answered. */
  readonly outcomes: readonly Outcome[];
  /** True where `100 Continue` comes first. */
  readonly continued?: boolean;
  /**
   * True where a front proxy may see it otherwise: refuse what we carry, change its fields, or make
   * sound requests of what we refuse.
   */
  readonly disputed?: boolean;
}

/** Would be a second request, to another sandbox, if anybody read it as one. */
export const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: $O\r\n\r\n';

/** A GET with these fields behind its Host, and whatever follows its head. */
export function get(fields: readonly string[] = [], rest = ''): string {
  return head('GET / HTTP/1.1', ['Host: $H', ...fields]) + rest;
}

/** A POST with these fields behind its Host, and these bytes behind its head. */
export function post(fields: readonly string[], rest = ''): string {
  return head('POST / HTTP/1.1', ['Host: $H', ...fields]) + rest;
}

export function head(line: string, fields: readonly string[]): string {
  return `${[line, ...fields].join('\r\n')}\r\n\r\n`;
}

export function refused(name: string, bytes: string, status = 400): ClientRequest {
  return { name, bytes, outcomes: [{ kind: 'refused', status, begun: false }] };
}

/** Refused for its body. */
export function broken(name: string, bytes: string, status = 400): ClientRequest {
  return { name, bytes, outcomes: [{ kind: 'refused', status, begun: true }] };
}

type What = Partial<Omit<Carried, 'kind'>>;

export function carried(name: string, bytes: string, what: What = {}): ClientRequest {
  return { name, bytes, outcomes: [seen(what)] };
}

export function disputed(entry: ClientRequest): ClientRequest {
  return { ...entry, disputed: true };
}

export function continued(entry: ClientRequest): ClientRequest {
  return { ...entry, continued: true };
}

export function seen(what: What = {}): Carried {
  return { kind: 'carried', method: 'GET', target: '/', fields: [], body: '', ...what };
}

export const refusal: Refused = { kind: 'refused', status: 400, begun: false };
