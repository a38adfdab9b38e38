import { type Daytona, facts, link } from './daytona.ts';
import { type ApiAccount, restApi } from './restApi.ts';

/**
 * Speaks to the Daytona API with an organization's key. The preview link goes through Daytona's REST
 * client, one call where the SDK's own way takes two; facts go through the SDK, which is loaded in
 * the background, so that its 0.3 s do not stand before the first request.
 */
export function connectDaytona(account: ApiAccount): Daytona {
  const { apiKey, apiUrl, timeoutMs: requestTimeoutMs } = account;
  const { calls, sandboxes, mayAccess, start, noteActivity, provider } = restApi(account);
  const sdk = import('@daytonaio/sdk').then(
    ({ Daytona }) => new Daytona({ apiKey, apiUrl, requestTimeoutMs, useDeprecatedPolling: true }),
  );
  sdk.catch(() => {}); // A failed import shows at the first call that needs it.
  return {
    link: (idOrName, port) =>
      calls.call('preview-url', link, async (signal) => {
        const answer = await sandboxes.getPortPreviewUrl(idOrName, port, undefined, { signal });
        return answer.data;
      }),
    facts: (idOrName) => calls.call('sandbox', facts, async () => (await sdk).get(idOrName)),
    mayAccess,
    start,
    noteActivity,
    provider,
  };
}
