import { BlockList, type Socket } from 'node:net';
import { identifyPeer } from '../host/visitor.ts';

export interface StrangerRules {
  /** So many connections of one address, or of one IPv6 network, are kept. */
  readonly mostOfAddress: number;
  /** Until then a connection has to be a sandbox's. */
  readonly withinMs: number;
  /** Told of every address that wants to have more. */
  onCrowd(address: string): void;
}

const nobody = new BlockList();

/**
 * The connections that no sandbox's own limit counts: whoever has shown no credential, or too often.
 * They take places that sandboxes need, so each has little time, and of one address there are few.
 * It is the oldest that gives way: a sandbox behind the same address (NAT, a proxy in front) shows
 * its credential at once and gets through, however many others knock.
 */
export class Strangers {
  readonly #rules: StrangerRules;
  readonly #of = new Map<string, Set<Socket>>();
  readonly #leave = new WeakMap<Socket, () => void>();

  constructor(rules: StrangerRules) {
    this.#rules = rules;
  }

  add(socket: Socket): void {
    const { mostOfAddress, withinMs, onCrowd } = this.#rules;
    const { address, network } = identifyPeer(socket, nobody);
    const all = this.#of.get(network) ?? new Set();
    this.#of.set(network, all.add(socket));
    const late = setTimeout(() => socket.destroy(), withinMs);
    this.#leave.set(socket, () => {
      clearTimeout(late);
      all.delete(socket);
      if (all.size === 0) this.#of.delete(network);
    });
    socket.once('close', () => this.remove(socket));
    if (all.size <= mostOfAddress) return;
    onCrowd(address);
    for (const oldest of all) {
      this.remove(oldest);
      oldest.destroy();
      break;
    }
  }

  /** Takes off one that a sandbox's own limit counts from here on, or that has left. */
  remove(socket: Socket): void {
    this.#leave.get(socket)?.();
    this.#leave.delete(socket);
  }
}
