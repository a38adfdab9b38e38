import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/**
 * Makes the response of a plain request safe to hand to the library, which copies a host's head.
 * A reason phrase with a control byte would throw there and leave the sandbox without an answer;
 * the library's own codes from 590 on are no standard's. The connection ends behind the answer:
 * hosts that frame one badly can then not write the beginning of the next.
 */
export function guardAnswer(res: ServerResponse): void {
  res.shouldKeepAlive = false;
  const { writeHead } = res;
  res.writeHead = (
    status: number,
    reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    fields?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ) => {
    const said = status >= 200 && status < 590 ? status : 502;
    res.statusMessage = '';
    return writeHead.call(res, said, typeof reason === 'object' ? reason : fields);
  };
}
