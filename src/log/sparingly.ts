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
