import type { Socket } from 'node:net';
import type { RequestError, Server } from 'proxy-chain';
import { Refusal } from './refusal.ts';

/** What one who is refused has to read why. The library's own time for it begins anew with each byte. */
const lastMs = 2_000;

export interface FarewellRules {
  /** True where a part of an answer has gone out already. */
  isAnswered(client: Socket): boolean;
  /** Told of requests that the library cannot read; it answers those itself, by 400. */
  onMalformed(client: Socket): void;
}

/** Has the library's answers end their connections for certain, and say what is true here. */
export function guardFarewells(proxy: Server, { isAnswered, onMalformed }: FarewellRules): void {
  const { normalizeHandlerError, sendSocketResponse } = proxy;
  proxy.normalizeHandlerError = (error) => {
    const { statusCode = 0 } = normalizeHandlerError.call(proxy, error) as Partial<RequestError>;
    // A 407 of a host, for one: the sandbox would take it for ours.
    return statusCode < 590 ? error : badAnswer();
  };
  proxy.sendSocketResponse = (client, status, fields = {}, message) => {
    // Behind half an answer, another one would be a part of its body.
    if (isAnswered(client)) return void client.destroy();
    if (status === 400 && !('X-Proxy-Error' in fields)) onMalformed(client);
    sendSocketResponse.call(proxy, client, status, fields, message);
    const over = setTimeout(() => client.destroy(), lastMs).unref();
    client.once('close', () => clearTimeout(over));
  };
}

/** The host is there, and what it says is no answer to the request. */
export function badAnswer(): Refusal {
  return new Refusal('HOST_UNREACHABLE', 'The host’s answer is none that can be passed on.');
}
