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
  let moved: string | undefined;
  if (label.startsWith(first) && isId(label.slice(first.length))) {
    moved = `${other}-${label.slice(first.length)}`;
  } else if (label.endsWith(last) && isId(label.slice(0, -last.length))) {
    moved = `${label.slice(0, -last.length)}-${other}`;
  }
  return moved === undefined || moved.length > 63
    ? undefined
    : [moved, ...domain].join('.') + suffix;
}
