import { randomBytes, randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders } from 'node:http';
import { loadedSpan } from './openTelemetry.ts';

/** The trace that an exchange belongs to, as W3C Trace Context has it. */
export interface Trace {
  /** 32 hexadecimal digits. */
  readonly id: string;
  /** The `traceparent` that the sandbox gets; undefined where an OpenTelemetry SDK adds its own. */
  readonly parent: string | undefined;
  /** The `tracestate` beside it. */
  readonly state: string | undefined;
}

/** Version, trace id, parent id and flags; later versions may have more. */
const valid =
  /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(-[\x21-\x7e]{1,200})?$/;
/** What every implementation has to carry at least (section 3.3.1.5). */
const longestState = 512;
/** A request id as we make them, or Nginx: 32 hexadecimal digits, perhaps with dashes between. */
const traceable = /^(?!0{32})[\da-f]{32}$/;

/**
 * Finds the trace of a request. A visitor's goes on as it came, because we add no span to it; where
 * there is none, or no valid one, one begins here: its id is the request's, if that can be one.
 *
 * @param headers undefined where there are none to look at
 */
export function traceOf(headers: IncomingHttpHeaders | undefined, requestId: string): Trace {
  const span = loadedSpan();
  if (span) {
    const parent = `00-${span.traceId}-${span.spanId}-${flags(span.traceFlags)}`;
    return { id: span.traceId, ...(addsItsOwn() ? none : { parent, state: span.state }) };
  }
  const given = headers?.traceparent;
  const found = typeof given === 'string' ? valid.exec(given) : null;
  if (found && (found[1] !== '00' || found[3] === undefined)) {
    return { id: found[2] ?? '', parent: given as string, state: stateIn(headers?.tracestate) };
  }
  const digits = requestId.replaceAll('-', '');
  const id = traceable.test(digits) ? digits : randomUUID().replaceAll('-', '');
  return { id, parent: `00-${id}-${nextSpan()}-01`, state: undefined };
}

const none = { parent: undefined, state: undefined };
const carried = channel('undici:request:create');

/** Whoever listens there adds the field to what undici sends; two of them would count as none. */
function addsItsOwn(): boolean {
  return carried.hasSubscribers;
}

/** A list goes on where it is one of printable ASCII; else it counts as none. */
function stateIn(given: string | string[] | undefined): string | undefined {
  const text = Array.isArray(given) ? given.join(',') : given;
  return text !== undefined && text.length <= longestState && /^[\x20-\x7e]+$/.test(text)
    ? text
    : undefined;
}

const ourSpans = randomBytes(4).toString('hex');
let spans = 0;

/** An id is to differ within its trace; random numbers for each request would only cost more. */
function nextSpan(): string {
  spans = (spans + 1) % 0x1_0000_0000;
  return ourSpans + (spans || 1).toString(16).padStart(8, '0');
}

function flags(value: number): string {
  return (value & 0xff).toString(16).padStart(2, '0');
}
