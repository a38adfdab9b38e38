import { closeSync, openSync, readFileSync } from 'node:fs';
import { devNull } from 'node:os';

/** No descriptor is left here, none on the whole machine, or no memory for a socket. */
const scarce = new Set(['EMFILE', 'ENFILE', 'ENOBUFS']);
let lastSeen = Number.NEGATIVE_INFINITY;

/** True where an error, or one behind it, says that descriptors have run out. */
export function saysScarce(error: unknown): boolean {
  for (let next = error, depth = 0; next instanceof Error && depth < 5; depth += 1) {
    const { code, cause } = next as NodeJS.ErrnoException;
    if (code !== undefined && scarce.has(code)) {
      lastSeen = performance.now();
      return true;
    }
    next = cause;
  }
  return false;
}

/**
 * True where descriptors ran out at any time since `begun`, or have run out now. For errors that
 * do not say why: the system's name lookup, for one, then finds no name at all.
 *
 * @param begun by `performance.now()`
 */
export function wereScarceSince(begun: number): boolean {
  if (lastSeen >= begun) return true;
  try {
    closeSync(openSync(devNull, 'r'));
    return false;
  } catch (error) {
    return saysScarce(error);
  }
}

/** What stands beside the proxied connections: the program itself, the API, Redis, files. */
const reserve = 64;

/**
 * How many connections of clients a process with so many descriptors can serve: each takes two, its
 * own and one to its sandbox, and a tenth of them all, at least 64, is for everything else.
 */
export function servable(descriptors: number): number {
  return Math.max(1, Math.floor((descriptors - Math.max(reserve, descriptors / 10)) / 2));
}

/** So many connections as are wanted, or fewer where this process may not have the descriptors. */
export function affordable(wanted: number): number {
  const descriptors = mostDescriptors();
  return descriptors === undefined ? wanted : Math.min(wanted, servable(descriptors));
}

/** How many descriptors this process may have; undefined where that cannot be read, or there is no end. */
function mostDescriptors(): number | undefined {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8');
    const soft = /^Max open files +(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined; // Not Linux.
  }
}
