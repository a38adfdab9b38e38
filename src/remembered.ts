/** A stranger may invent texts: the memory stays small, and at worst of no use. */
const mostTexts = 1_000;
const longestText = 128;

/**
 * Remembers what a pure function says of a text. The same few dozen header names and hosts come
 * all the time, and to lower, match and translate each one anew was a tenth of a small request.
 */
export function remembered<T>(judge: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const verdict = judge(text);
    if (known.size >= mostTexts) known.clear();
    if (text.length <= longestText) known.set(text, verdict);
    return verdict;
  };
}
