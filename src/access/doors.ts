import { addressOf, type Exchange, type SandboxAddress } from '../exchange.ts';
import { ProxyError } from '../replies/errors.ts';
import { type AllowedSandboxes, isAllowed, isAllowedByName } from './allowedSandboxes.ts';
import {
  asksEverybody,
  type Door,
  doorOf,
  type PolicyRules,
  type SandboxPolicy,
} from './policy.ts';
import { isReserved } from './reservedPorts.ts';

/** A sandbox as far as access is concerned. */
export interface KnownSandbox extends SandboxPolicy {
  readonly id: string;
}

export interface DoorRules {
  readonly policy: PolicyRules;
  readonly allowed: AllowedSandboxes;
  /** Without a wait where the sandbox is known, also for one that does not run. */
  readonly sandboxOf: (
    address: SandboxAddress,
    client: string,
  ) => KnownSandbox | Promise<KnownSandbox>;
}

const guarded: Door = { state: 'guarded', origin: undefined };

/**
 * Finds out what a sandbox's port asks of visitors, and asks Daytona for nothing that the answer
 * does not need: else every stranger could make it ask.
 *
 * @throws ProxyError SANDBOX_NOT_FOUND for one that does not exist for the outside
 */
export function findDoor(rules: DoorRules): (exchange: Exchange) => Door | Promise<Door> {
  const { policy, allowed, sandboxOf } = rules;
  const blind = asksEverybody(policy);
  const judge = judgeOf(rules);

  return (exchange) => {
    const address = addressOf(exchange);
    const listed = isAllowedByName(allowed, address.id);
    if (listed === false) throw new ProxyError('SANDBOX_NOT_FOUND');
    if (policy.mode === 'open' && isReserved(address.port)) throw new ProxyError('RESERVED_PORT');
    if (listed && blind) return guarded;
    const sandbox = sandboxOf(address, exchange.visitor.network);
    if (!(sandbox instanceof Promise)) return judge(sandbox, address.port);
    exchange.lookedUp = true;
    return sandbox.then((found) => judge(found, address.port));
  };
}

/**
 * Looks once more whether a visitor who was let in may go on to the sandbox that was found: names go
 * to other sandboxes, and doors close, while one waits.
 *
 * @throws ProxyError ACCESS_RENEWED: the next attempt is judged anew
 */
export function recheckDoor(rules: DoorRules) {
  const judge = judgeOf(rules);
  return (exchange: Exchange, sandbox: KnownSandbox): void => {
    const { admittedTo } = exchange;
    const allowed =
      admittedTo === undefined
        ? judge(sandbox, addressOf(exchange).port).state === 'open'
        : admittedTo === sandbox.id;
    if (!allowed) throw new ProxyError('ACCESS_RENEWED', { retryAfter: 1 });
  };
}

/**
 * Says whether a visitor who was let in to one port of a sandbox may hear of another one: not who
 * came by a link or an address for a part of it, and of no port that would ask for more.
 */
export function mayHearOf(rules: DoorRules) {
  const judge = judgeOf(rules);
  return (exchange: Exchange, sandbox: KnownSandbox, port: number): boolean => {
    const { restricted, signed, signedBy, admittedTo } = exchange;
    if (restricted || signed || signedBy !== undefined || isReserved(port)) return false;
    const { state } = judge(sandbox, port);
    return state === 'open' || (state === 'guarded' && admittedTo === sandbox.id);
  };
}

/** @throws ProxyError SANDBOX_NOT_FOUND */
function judgeOf({ policy, allowed }: DoorRules) {
  /** Facts stay the same object for as long as they are true. */
  const known = new WeakMap<KnownSandbox, Map<number, Door>>();

  return (sandbox: KnownSandbox, port: number): Door => {
    const doors = known.get(sandbox) ?? new Map<number, Door>();
    const before = doors.get(port);
    if (before) return before;
    if (!isAllowed(allowed, sandbox)) throw new ProxyError('SANDBOX_NOT_FOUND');
    const door = doorOf(policy, port, sandbox);
    known.set(sandbox, doors.set(port, door));
    return door;
  };
}
