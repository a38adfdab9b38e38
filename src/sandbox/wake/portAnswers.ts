import { reservedPort } from '../../access/reservedPorts.ts';
import type { Refusal, SandboxAddress } from '../../exchange.ts';
import { asProxyError } from '../../replies/errors.ts';
import type { SandboxDirectory } from '../directory.ts';
import type { SandboxMode, Way } from '../mode.ts';

/**
 * Finds out whether an app answers behind a port of a sandbox that has just been started.
 *
 * @param probe says why Daytona's edge lets nobody through; undefined where an app answers
 */
export function portAnswers(
  directory: SandboxDirectory,
  wayTo: SandboxMode['wayTo'],
  probe: (way: Way) => Promise<Refusal | undefined>,
) {
  return async (address: SandboxAddress): Promise<boolean> => {
    const found = await directory.resolve(address);
    const refusal = await probe(
      wayTo(found, { port: address.port, toolbox: address.port === reservedPort.toolbox }),
    ).catch((): Refusal => 'not-listening');
    if (refusal === 'token') {
      await directory.after(refusal, address, found).catch((error) => {
        if (asProxyError(error).code !== 'ACCESS_RENEWED') throw error;
      });
    }
    return refusal === undefined;
  };
}
