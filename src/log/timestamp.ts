let second = Number.NaN;
let secondText = '';

/** The time as RFC 3339 has it, in UTC with milliseconds; all but these is made once a second. */
export function timestamp(now = Date.now()): string {
  const whole = Math.floor(now / 1000);
  if (whole !== second) {
    second = whole;
    secondText = new Date(whole * 1000).toISOString().slice(0, -4);
  }
  return `${secondText}${String(now - whole * 1000).padStart(3, '0')}Z`;
}
