/** One answer as a strict client reads it off the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly reason: string;
  /** `Name: value`, in their order. */
  readonly fields: readonly string[];
  /** Everything behind the head for a 101. */
  readonly body: string;
  readonly trailers: readonly string[];
  /** Interim answers before it. */
  readonly interim: readonly Head[];
  /** False where the connection ended in the middle. */
  readonly complete: boolean;
  /** Bytes of it on the wire, interim answers included. */
  readonly length: number;
}

export interface Head {
  readonly status: number;
  readonly reason: string;
  readonly fields: readonly string[];
  /** Where it ends in the text. */
  readonly end: number;
}

const statusLine = /^HTTP\/1\.1 (\d{3}) ([\x20-\x7e]*)$/;
const fieldLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Reads the first answer in a latin1 text with none of the leniency of HTTP parsers: bare CR or LF,
 * two framings, an unknown one or none are errors.
 *
 * @param ended true where no more bytes will come
 * @returns undefined while more bytes are needed
 */
export function readAnswer(text: string, method: string, ended: boolean): WireAnswer | undefined {
  const interim: Head[] = [];
  let head = readHead(text, 0);
  while (head && head.status < 200 && head.status !== 101) {
    interim.push(head);
    head = readHead(text, head.end);
  }
  if (!head) return undefined;
  const answer = { ...head, interim, trailers: [] as string[] };
  const rest = text.slice(head.end);
  const whole = (body: string, length: number, trailers: string[] = []): WireAnswer => {
    return { ...answer, body, trailers, complete: true, length: answer.end + length };
  };
  const cut = (body: string): WireAnswer | undefined =>
    ended ? { ...answer, body, complete: false, length: text.length } : undefined;

  if (head.status === 101) return whole(rest, rest.length);
  const lengths = valuesOf(head.fields, 'content-length');
  const codings = valuesOf(head.fields, 'transfer-encoding');
  if (lengths.length + codings.length > 1) throw new Error(`framed twice: ${head.fields}`);
  if (method === 'HEAD' || head.status === 204 || head.status === 304) return whole('', 0);
  if (codings[0]?.toLowerCase() === 'chunked') {
    const { body, trailers, end } = readChunks(rest);
    return end === undefined ? cut(body) : whole(body, end, trailers);
  }
  if (!/^\d+$/.test(lengths[0] ?? '')) throw new Error(`framed by nothing: ${head.fields}`);
  const length = Number(lengths[0]);
  return rest.length < length ? cut(rest) : whole(rest.slice(0, length), length);
}

/** Reads a head that begins at `start`, or gives undefined while it is not there whole. */
function readHead(text: string, start: number): Head | undefined {
  const end = text.indexOf('\r\n\r\n', start);
  if (end < 0) return undefined;
  const [first = '', ...fields] = text.slice(start, end).split('\r\n');
  const [, status, reason] = statusLine.exec(first) ?? [];
  if (status === undefined || reason === undefined) throw new Error(`status line: ${first}`);
  const odd = fields.find((line) => !fieldLine.test(line));
  if (odd !== undefined) throw new Error(`field line: ${JSON.stringify(odd)}`);
  return { status: Number(status), reason, fields, end: end + 4 };
}

function readChunks(text: string): { body: string; trailers: string[]; end?: number } {
  let body = '';
  for (let at = 0; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) return { body, trailers: [] };
    const digits = text.slice(at, line);
    if (!/^[0-9a-f]+$/i.test(digits)) throw new Error(`chunk size: ${JSON.stringify(digits)}`);
    const size = Number.parseInt(digits, 16);
    if (size === 0) {
      // The last chunk's own CRLF ends an empty list of trailers too.
      const end = text.indexOf('\r\n\r\n', line);
      if (end < 0) return { body, trailers: [] };
      const trailers = text.slice(line + 2, end);
      return { body, trailers: trailers === '' ? [] : trailers.split('\r\n'), end: end + 4 };
    }
    body += text.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
    if (text.length < at) return { body, trailers: [] };
    if (text.slice(at - 2, at) !== '\r\n') throw new Error('a chunk longer than its size');
  }
}

/** The values of one field, by its lower-case name. */
export function valuesOf(fields: readonly string[], name: string): string[] {
  return fields
    .filter((line) => line.slice(0, line.indexOf(':')).toLowerCase() === name)
    .map((line) => line.slice(line.indexOf(':') + 1).trim());
}
