/** Prints what a guarantee was measured to be, in one line of the test run's own output. */
export function printFigures(guarantee: string, figures: Readonly<Record<string, unknown>>): void {
  const told = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(`  measured, ${guarantee}: ${told.join(', ')}\n`);
}

/** The value that a part of all values is below, for example 0.99. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
