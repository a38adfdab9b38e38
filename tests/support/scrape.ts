/** One line of a scrape. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads Prometheus's text format, as far as prom-client writes it. */
export function samplesIn(text: string): Sample[] {
  return text.split('\n').flatMap((line) => {
    const found = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/.exec(line);
    if (!found) return [];
    const [, name = '', labels = '', value] = found;
    return [{ name, labels: labelsIn(labels), value: Number(value) }];
  });
}

/** The metrics that a scrape tells of, also those that have no sample yet. */
export function metricsIn(text: string): string[] {
  return [...text.matchAll(/^# TYPE (\S+) \w+$/gm)].map(([, name = '']) => name);
}

/** Reads `a="b",c="d"`; none of our labels' values has a quote in it. */
export function labelsIn(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

/** Adds up the samples of a metric that have these labels. */
export function sumOf(text: string, name: string, labels: Record<string, string> = {}): number {
  return samplesIn(text)
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, is]) => sample.labels[key] === is))
    .reduce((sum, { value }) => sum + value, 0);
}
