/** What of OpenTelemetry's API, version 1, is of use here; its SDK registers itself by this symbol. */
interface LoadedApi {
  readonly context?: {
    active(): { getValue(key: symbol): ActiveSpan | undefined };
  };
}

interface ActiveSpan {
  spanContext(): {
    readonly traceId: string;
    readonly spanId: string;
    readonly traceFlags: number;
    readonly traceState?: { serialize(): string };
  };
}

const api = Symbol.for('opentelemetry.js.api.1');
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN');

/**
 * The span that an OpenTelemetry SDK has opened for the request that is being read. The operator
 * loads one with `node --import`; it is no dependency of ours, so it is found where it registers.
 */
export function loadedSpan() {
  const loaded = (globalThis as { [api]?: LoadedApi })[api];
  const span = loaded?.context?.active().getValue(spanKey)?.spanContext();
  return span && { ...span, state: span.traceState?.serialize() };
}
