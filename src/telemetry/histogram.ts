/** What a histogram is called, and the upper bounds of its buckets, in seconds. */
interface HistogramRules {
  readonly name: string;
  readonly help: string;
  readonly bounds: readonly number[];
}

/**
 * A histogram of durations, kept as plain numbers and written as Prometheus reads it. prom-client's
 * own checks and hashes an object of labels each time, which cost more than all other counting.
 */
export class Histogram {
  readonly #rules: HistogramRules;
  readonly #series = new Map<string, Series>();

  constructor(rules: HistogramRules) {
    this.#rules = rules;
  }

  /**
   * Finds what durations with these labels are added to. It is told of from now on, so that its first
   * event is a rise from 0, and kept for ever: no label may have what somebody outside can choose.
   *
   * @param labels as they are to stand in the text: `kind="request"`
   */
  series(labels: string): Series {
    const series = this.#series.get(labels) ?? new Series(this.#rules.bounds);
    this.#series.set(labels, series);
    return series;
  }

  /** The text of a scrape, in Prometheus's exposition format 0.0.4. */
  text(): string {
    const { name, help, bounds } = this.#rules;
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    for (const [labels, { counts, sum }] of this.#series) {
      let count = 0;
      for (const [bucket, bound] of [...bounds, '+Inf'].entries()) {
        count += counts[bucket] as number;
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${count}`);
      }
      lines.push(`${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}

/** The durations that have the same labels. */
export class Series {
  readonly #bounds: readonly number[];
  /** How many fell into each bucket, and last how many above all of them. */
  readonly counts: Float64Array;
  /** In seconds. */
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(ms: number): void {
    const seconds = ms / 1000;
    const bounds = this.#bounds;
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket += 1;
    (this.counts[bucket] as number) += 1;
    this.sum += seconds;
  }
}
