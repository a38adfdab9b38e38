/** What each of our own errors says to the world. `status` is HTTP's, `message` public. */
const catalogue = {
  INVALID_REQUEST: { status: 400, message: 'The request is not valid HTTP for this proxy.' },
  INVALID_HOST: {
    status: 400,
    message: 'Invalid host format. Expected {port}-{sandboxId}.{domain}, for example {example}.',
  },
  UNAUTHORIZED: {
    status: 401,
    message:
      'This page is for operators: send the bearer token, or where none is set, ask from the machine itself.',
  },
  LOGIN_REQUIRED: { status: 401, message: 'This sandbox is not public. Show a credential for it.' },
  SHARE_INVALID: { status: 400, message: 'This cannot be shared: {detail}.' },
  SHARE_UNAUTHORIZED: {
    status: 401,
    message: 'Send ADMIN_TOKEN or a Daytona key that sees the sandbox, as Authorization: Bearer.',
  },
  SHARE_NOT_FOUND: { status: 404, message: 'There is no such share.' },
  LOGIN_FAILED: {
    status: 401,
    message: 'The login did not work or took too long. Open the address of the sandbox once more.',
  },
  LOGIN_UNAVAILABLE: { status: 503, message: 'The login provider does not answer at the moment.' },
  NOT_A_MEMBER: { status: 403, message: 'You are logged in, but may not enter this sandbox.' },
  ADDRESS_REFUSED: { status: 403, message: 'This address is not served here.' },
  CROSS_SITE: { status: 403, message: 'Another site may not do this with your session.' },
  SHARE_FORBIDS: { status: 403, message: 'The share link does not allow this.' },
  RESERVED_PORT: {
    status: 403,
    message: 'This port is reserved for Daytona itself and is not served here.',
  },
  TOOLBOX_ONLY: { status: 403, message: 'This proxy serves Daytona’s own ports only.' },
  NOT_FOUND: { status: 404, message: 'There is nothing at this address.' },
  SANDBOX_NOT_FOUND: { status: 404, message: 'There is no such sandbox.' },
  RATE_LIMITED: { status: 429, message: 'Too many requests. Please wait a moment.' },
  TOO_MANY_FAILURES: {
    status: 429,
    message: 'Too many failed attempts to get in. Please wait a moment.',
  },
  TOO_MANY_MISSES: {
    status: 429,
    message: 'Too many requests for sandboxes that do not exist. Please wait a moment.',
  },
  TOO_MANY_CONNECTIONS: { status: 429, message: 'Too many open connections from your address.' },
  INTERNAL: { status: 500, message: 'The proxy could not handle this request.' },
  PORT_NOT_LISTENING: {
    status: 502,
    message: 'Nothing listens on this port of the sandbox. Start your server there and reload.',
  },
  UPSTREAM_UNREACHABLE: { status: 502, message: 'Failed to connect to sandbox.' },
  UPSTREAM_INVALID: { status: 502, message: 'The sandbox sent an answer that is not valid HTTP.' },
  TOO_MANY_REDIRECTS: {
    status: 502,
    message: 'The sandbox redirects in a circle, or too often.',
  },
  UPSTREAM_FORBIDDEN: {
    status: 502,
    message: 'Daytona named an address for this sandbox that this proxy does not connect to.',
  },
  DAYTONA_REJECTED_KEY: {
    status: 502,
    message: 'Daytona does not accept the API key of this proxy.',
  },
  SANDBOX_NOT_RUNNING: { status: 503, message: 'The sandbox is not running.' },
  SANDBOX_STARTING: { status: 503, message: 'Your sandbox is starting.' },
  START_REFUSED: { status: 503, message: 'Daytona does not start this sandbox at the moment.' },
  START_UNDER_WAY: { status: 503, message: 'The sandbox is changing its state.' },
  TOO_MANY_STARTS: {
    status: 503,
    message: 'Too many sandboxes are starting at the moment. Please try again.',
  },
  OVERLOADED: { status: 503, message: 'The proxy is at its limits. Please try again.' },
  TOO_MANY_PAGES: { status: 503, message: 'Too many pages for operators are open.' },
  SANDBOX_BUSY: { status: 503, message: 'The sandbox has too many open connections.' },
  ACCESS_RENEWED: {
    status: 503,
    message: 'The access to this sandbox was renewed just now. Please try again.',
  },
  DAYTONA_UNAVAILABLE: { status: 503, message: 'Daytona does not answer at the moment.' },
  LOOP_DETECTED: { status: 508, message: 'The sandbox’s address leads back to this proxy.' },
} as const;

export type ErrorCode = keyof typeof catalogue;
export const errorCodes = Object.keys(catalogue) as ErrorCode[];

interface Details {
  /** The failure behind this one; it goes to the log, never to a visitor. */
  cause?: unknown;
  /** Replaces the catalogue's status where HTTP has a better one for this very case. */
  status?: number;
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  /** The sandbox's state, for SANDBOX_NOT_RUNNING. */
  state?: string;
  /** Replaces `{example}` in the public sentence. */
  example?: string;
  /** Replaces `{detail}` in the public sentence. */
  detail?: string;
  /** Other ports of the sandbox that answer and that this visitor may hear of, for PORT_NOT_LISTENING. */
  ports?: readonly number[];
}

/** The one error class of the proxy: whatever else is thrown is answered as INTERNAL. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly state: string | undefined;
  readonly ports: readonly number[];

  constructor(code: ErrorCode, details: Details = {}) {
    const { status, message } = catalogue[code];
    const example = details.example ?? '3000-my-sandbox.example.com';
    const sentence = message
      .replace('{example}', example)
      .replace('{detail}', details.detail ?? '');
    // Where an expected error was made says nothing, and to find out costs more than to answer it.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(sentence, { cause: details.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.status = details.status ?? status;
    this.retryAfter = details.retryAfter;
    this.state = details.state;
    this.ports = details.ports ?? [];
  }
}

/** Takes whatever was thrown and gives the error that a visitor may see. */
export function asProxyError(thrown: unknown): ProxyError {
  return thrown instanceof ProxyError ? thrown : new ProxyError('INTERNAL', { cause: thrown });
}
