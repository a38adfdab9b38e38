import { RequestError } from 'proxy-chain';

const statuses = {
  CREDENTIAL_REQUIRED: 407,
  INVALID_TARGET: 400,
  INVALID_REQUEST: 400,
  HOST_NOT_ALLOWED: 403,
  ADDRESS_NOT_ALLOWED: 403,
  TOO_MANY_CONNECTIONS: 429,
  TOO_MANY_REQUESTS: 429,
  TOO_MANY_BYTES: 429,
  HOST_UNKNOWN: 502,
  HOST_UNREACHABLE: 502,
  HOST_TIMEOUT: 504,
  INTERNAL: 500,
} as const;

export type RefusalCode = keyof typeof statuses;

/**
 * Why a sandbox does not get through. The library answers with it, and closes the connection.
 * It knows its errors by their `name`, which therefore stays.
 */
export class Refusal extends RequestError {
  readonly code: RefusalCode;

  /**
   * @param message what the sandbox's user reads: the reason, and what to change
   * @param retryAfter in seconds
   */
  constructor(code: RefusalCode, message: string, retryAfter?: number) {
    super(`${JSON.stringify({ error: { code, message } })}\n`, statuses[code], {
      'Content-Type': 'application/json; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Proxy-Error': code,
      ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    });
    this.code = code;
  }
}
