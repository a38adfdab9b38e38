const seconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Reads a time such as `90s`, `30m`, `12h` or `7d`.
 *
 * @returns seconds
 * @throws Error for anything else
 */
export function parseDuration(text: string): number {
  const [, count, unit = ''] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  const factor = seconds[unit];
  if (count === undefined || factor === undefined) {
    throw new Error(`"${text}" is no time such as 90s, 30m, 12h or 7d`);
  }
  return Number(count) * factor;
}
