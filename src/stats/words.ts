const missing = '–';

/** A count: `1,234`. A formatter made beforehand would cost every start what few ever look at. */
export function sayCount(count: number): string {
  return Math.round(count).toLocaleString('en');
}

/** A rate or another number of any size: `0`, `0.25`, `3.4`, `120`. */
export function sayNumber(value: number): string {
  if (value >= 100) return sayCount(value);
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}

/** A time to wait: `0.8 ms`, `34 ms`, `1.3 s`, `2.5 min`. */
export function sayMs(ms: number | undefined): string {
  if (ms === undefined) return missing;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${(ms / 60_000).toFixed(1)} min`;
}

/** A span in whole seconds: `42 s`, `3 min 5 s`, `2 h 4 min`, `3 d 2 h`. */
export function sayAge(seconds: number | null): string {
  if (seconds === null) return missing;
  const [d, h, min, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds % 60),
  ];
  if (d > 0) return `${d} d ${h} h`;
  if (h > 0) return `${h} h ${min} min`;
  return min > 0 ? `${min} min ${s} s` : `${s} s`;
}

/** A part of a whole; all and none are said of exactly that. */
export function sayPart(part: number | undefined): string {
  if (part === undefined) return missing;
  if (part === 0 || part === 1) return `${part * 100} %`;
  return `${Math.min(99.9, Math.max(0.1, part * 100)).toFixed(1)} %`;
}
