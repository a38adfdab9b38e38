import type { SandboxAddress } from '../exchange.ts';
import { fingerprint, sameSecret } from '../secrets.ts';
import type { SandboxSource } from './access.ts';
import type { Verdicts } from './verdicts.ts';

/**
 * Says which sandbox a preview token opens.
 *
 * @param client whose request it is
 * @returns Daytona's id; undefined where the token does not open the sandbox of this address
 */
export type TokenCheck = (
  address: SandboxAddress,
  given: string,
  client: string,
) => Promise<string | undefined>;

/** Compares with the sandbox's own token, which Daytona tells an organization's key. */
export function comparedTokens(sandboxes: SandboxSource): TokenCheck {
  return async (address, given, client) => {
    const known = await sandboxes.tokenOf(address, client);
    const { token, sandboxId } = sameSecret(given, known.token)
      ? known
      : await sandboxes.tokenAfresh(address, known, client);
    // A name may have gone to another sandbox than the one whose token this is.
    const same =
      sameSecret(given, token) && sandboxId === (await sandboxes.factsOf(address, client)).id;
    return same ? sandboxId : undefined;
  };
}

/** Asks Daytona, which tells the platform's key for its proxy no token. */
export function askedTokens(
  sandboxes: SandboxSource,
  opens: (sandboxId: string, token: string) => Promise<boolean>,
  verdicts: Verdicts<true>,
): TokenCheck {
  return async (address, given, client) => {
    const { id } = await sandboxes.factsOf(address, client);
    const good = await verdicts.of(fingerprint(id, given), async () =>
      (await opens(id, given)) ? true : undefined,
    );
    return good && id;
  };
}
