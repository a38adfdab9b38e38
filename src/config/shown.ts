import { withStandIns } from './platformVariables.ts';
import { type Variable, variables } from './variables.ts';

/**
 * What of the configuration is not as it is by itself, as it was written.
 *
 * @returns a text for each variable; secrets are `****`, and so is what stands before an @ in a URL
 */
export function shownConfig(
  given: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env = withStandIns(given);
  const inPlatform = env.MODE?.trim() === 'platform';
  const shown: Record<string, string> = {};
  for (const [name, variable] of Object.entries<Variable<unknown>>(variables)) {
    const text = env[name]?.trim() ?? '';
    const usual = (inPlatform ? variable.inPlatform : undefined) ?? variable.fallback;
    if (text === '' || text === usual) continue;
    shown[name] = variable.secret ? '****' : text.replace(/\/\/[^/@]*@/g, '//****@');
  }
  return shown;
}
