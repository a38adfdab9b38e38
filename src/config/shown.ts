import { withStandIns } from './platformVariables.ts';
import type { Variable } from './variables.ts';

/**
 * What of the configuration is not as it is by itself, as it was written.
 *
 * @returns a text for each variable; secrets are `****`, and so is what stands before an @ in a URL
 */
export function shownConfig(
  variables: Readonly<Record<string, Variable<unknown>>>,
  given: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env = withStandIns(given);
  const inPlatform = env.MODE?.trim() === 'platform';
  const shown: Record<string, string> = {};
  for (const [name, variable] of Object.entries(variables)) {
    const text = env[name]?.trim() ?? '';
    const usual = (inPlatform ? variable.inPlatform : undefined) ?? variable.fallback;
    if (text === '' || text === usual) continue;
    shown[name] = variable.secret ? '****' : text.replace(/\/\/[^/@]*@/g, '//****@');
  }
  return shown;
}
