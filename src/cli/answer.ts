type Body = AsyncIterable<unknown>;

const mostBytes = 1_048_576;

/**
 * Reads an answer as text, of a long one the beginning: an app in a sandbox may send without end.
 *
 * @throws Error where it breaks off
 */
export async function readText(body: Body): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes >= mostBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, mostBytes).toString();
}

/** Reads an answer as JSON; gives undefined for one that is something else, or no whole one. */
export async function readJson(body: Body): Promise<unknown> {
  try {
    return JSON.parse(await readText(body));
  } catch {
    return undefined;
  }
}
