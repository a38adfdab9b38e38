import { withStandIns } from './platformVariables.ts';
import type { Variable } from './variables.ts';

/** A logo may be a whole picture. */
const longest = 200;

/**
 * What of the configuration is not as it is by itself, as it was written, but for what is too long.
 *
 * @returns a text for each variable; secrets are `****`, and so is what stands before an @ in a URL
 *   and behind its ?
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
    shown[name] = variable.secret ? '****' : masked(text);
  }
  return shown;
}

function masked(text: string): string {
  const shown = text
    .replace(/\/\/[^/@]*@/g, '//****@')
    .replace(/(:\/\/[^\s,?]*\?)[^\s,]+/g, '$1****');
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown;
}
