import { randomBytes, randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { IncomingHttpHeaders } from 'node:http';
import { loadedSpan } from './openTelemetry.ts';

/** The trace that an exchange belongs to, as W3C Trace Context has it. */
export interface Trace {
  /** 32 hexadecimal digits; undefined where they are the request id's. */
  readonly id: string | undefined;
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
/** Request ids that can be a trace's: as we make them, and as Nginx does. */
const withDashes = /^(?!0{8}-)[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
const withoutDashes = /^(?!0{32})[\da-f]{32}$/;

/**
 * Finds the trace that a request came with. A visitor's goes on as it came, because we add no span to
 * it. To be called while the request is read: only then an SDK says which span is this request's.
 *
 * @param headers undefined where there are none to look at
 * @returns undefined where there is none, or no valid one
 */
export function traceIn(headers: IncomingHttpHeaders | undefined): Trace | undefined {
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
  return undefined;
}

/** Begins a trace. Its id is the request's, if that can be one. */
export function beginTrace(requestId: string): Trace {
  const digits = digitsOf(requestId);
  const id = digits ?? randomUUID().replaceAll('-', '');
  const parent = `00-${id}-${nextSpan()}-01`;
  return { id: digits === undefined ? id : undefined, parent, state: undefined };
}

/** Every request pays for this; to cut out what stands between dashes takes a quarter of replacing them. */
function digitsOf(id: string): string | undefined {
  if (withDashes.test(id)) {
    return id.slice(0, 8) + id.slice(9, 13) + id.slice(14, 18) + id.slice(19, 23) + id.slice(24);
  }
  return withoutDashes.test(id) ? id : undefined;
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
/** From here on a number has eight digits. */
const firstSpan = 0x1000_0000;
let span = firstSpan;

/** An id is to differ within its trace; random numbers for each request would only cost more. */
function nextSpan(): string {
  span = span < 0xffff_ffff ? span + 1 : firstSpan;
  return ourSpans + span.toString(16);
}

function flags(value: number): string {
  return (value & 0xff).toString(16).padStart(2, '0');
}
