const pauseMs = 1_000;

/**
 * Has something that may happen thousands of times a second told at most once a second, so that an
 * attack does not fill the disk: at once, and then how often it happened meanwhile.
 */
export function sparingly(
  tell: (count: number, detail?: string) => void,
): (detail?: string) => void {
  let count = 0;
  let last: string | undefined;
  let pause: NodeJS.Timeout | undefined;
  const flush = () => {
    pause = undefined;
    if (count === 0) return;
    tell(count, last);
    count = 0;
    pause = setTimeout(flush, pauseMs).unref();
  };
  return (detail) => {
    count += 1;
    last = detail;
    if (!pause) flush();
  };
}

/** So many keys are told apart; of more, the one that came first may be told once more a second. */
const mostKeys = 1_000;

/** The same for each key by itself: one that floods does not hide another. */
export function sparinglyEach(
  tell: (key: string, count: number, detail: string) => void,
): (key: string, detail: string) => void {
  const tellers = new Map<string, (detail?: string) => void>();
  return (key, detail) => {
    let teller = tellers.get(key);
    if (!teller) {
      teller = sparingly((count, last = '') => tell(key, count, last));
      tellers.set(key, teller);
      if (tellers.size > mostKeys) {
        const [first = ''] = tellers.keys();
        tellers.delete(first);
      }
    }
    teller(detail);
  };
}
