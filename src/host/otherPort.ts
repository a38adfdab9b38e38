import type { SandboxAddress } from '../exchange.ts';
import { splitHost } from './parse.ts';

/**
 * Writes the host of another port of the same sandbox, in the form in which this one was asked for.
 *
 * @param host what was read as `address`: lower-case, perhaps with a `:port`
 * @returns undefined where there is no such host
 */
export function otherPort(
  host: string,
  { id, port }: SandboxAddress,
  other: number,
): string | undefined {
  const { name, port: suffix } = splitHost(host);
  const [label = '', ...domain] = name.split('.');
  const [first, last] = [`${port}-`, `-${port}`];
  // A UUID may stand there without its dashes.
  const isId = (text: string) => text.replaceAll('-', '') === id.replaceAll('-', '');
  const portFirst = label.startsWith(first) && isId(label.slice(first.length));
  const idFirst = label.endsWith(last) && isId(label.slice(0, -last.length));
  if (portFirst === idFirst) return undefined; // Neither, or `3-3`: nobody can say which is the port.
  const moved = portFirst
    ? `${other}-${label.slice(first.length)}`
    : `${label.slice(0, -last.length)}-${other}`;
  return moved.length > 63 ? undefined : [moved, ...domain].join('.') + suffix;
}
