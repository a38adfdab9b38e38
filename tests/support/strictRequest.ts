/** One request as a strict server reads it off the wire. */
export interface WireRequest {
  readonly method: string;
  readonly target: string;
  /** `Name: value`, in their order. */
  readonly fields: readonly string[];
  readonly body: string;
  /** False while its body has not come whole. */
  readonly complete: boolean;
  /** Bytes of it on the wire. */
  readonly length: number;
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Z-]+) (\/[\x21-\x7e\x80-\xff]*) HTTP\/1\.1$/;
const fieldLine =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+): (?:[\x21-\x7e\x80-\xff][\t\x20-\x7e\x80-\xff]*)?$/;

/**
 * Reads the first request in a latin1 text with none of the leniency of HTTP parsers: a bare CR or
 * LF, two framings, another version, a missing or second Host are errors.
 *
 * @returns undefined while its head has not come whole
 */
export function readRequest(text: string): WireRequest | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [first = '', ...fields] = text.slice(0, end).split('\r\n');
  const [, method, target] = requestLine.exec(first) ?? [];
  if (method === undefined || target === undefined) throw malformed('request line', first);
  for (const line of fields) if (!fieldLine.test(line)) throw malformed('field line', line);
  const count = (name: RegExp) => fields.filter((line) => name.test(line)).length;
  if (count(/^host:/i) !== 1) throw malformed('Host', fields);
  if (count(/^(?:content-length|transfer-encoding):/i) > 1) throw malformed('framing', fields);

  const head = { method, target, fields };
  const rest = text.slice(end + 4);
  const framing = fields.find((line) => /^(?:content-length|transfer-encoding):/i.test(line));
  const [, length] = /^content-length: (\d+)$/i.exec(framing ?? 'content-length: 0') ?? [];
  if (length !== undefined) {
    const body = rest.slice(0, Number(length));
    const complete = body.length === Number(length);
    return { ...head, body, complete, length: end + 4 + body.length };
  }
  if (!/^transfer-encoding: chunked$/i.test(framing ?? '')) throw malformed('framing', fields);
  const chunks = readChunks(rest);
  return { ...head, ...chunks, length: end + 4 + chunks.length };
}

function readChunks(text: string): { body: string; complete: boolean; length: number } {
  let body = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return { body, complete: false, length: text.length };
    const digits = text.slice(at, line);
    if (!/^[0-9a-f]+$/i.test(digits)) throw malformed('chunk size', digits);
    const size = Number.parseInt(digits, 16);
    const end = line + 2 + size;
    body += text.slice(line + 2, end);
    if (text.length < end + 2) return { body, complete: false, length: text.length };
    if (text.slice(end, end + 2) !== '\r\n') throw malformed('end of a chunk', text.slice(at));
    if (size === 0) return { body, complete: true, length: end + 2 };
    at = end + 2;
  }
}

function malformed(what: string, got: unknown): Error {
  return new Error(`${what}: ${JSON.stringify(got)}`);
}
