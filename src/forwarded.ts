import type { IncomingMessage } from 'node:http';

const pattern =
  /^(?:x-forwarded.*|forwarded|via|x-real-ip|x-original-.*|(?:true-client|cf-connecting|fastly-client|x-client|x-cluster-client)-ip)$/;

/**
 * True for a field in which a proxy says for whom it speaks, or what it was asked for.
 *
 * @param name lower-case, with `_` read as `-`
 */
export function isForwarding(name: string): boolean {
  return pattern.test(name);
}

/** True where a front proxy says that it speaks for somebody else. */
export function isForwarded({ headers }: IncomingMessage): boolean {
  return Object.keys(headers).some((name) => isForwarding(name.replaceAll('_', '-')));
}
