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
  /** By labels: how many fell into each bucket, how many above all of them, and the sum. */
  readonly #series = new Map<string, Float64Array>();

  constructor(rules: HistogramRules) {
    this.#rules = rules;
  }

  /**
   * @param labels as they are to stand in the text: `kind="request"`. Each is kept for ever, and none
   * may have what somebody outside can choose.
   */
  observe(labels: string, ms: number): void {
    const { bounds } = this.#rules;
    const seconds = ms / 1000;
    const series = this.#series.get(labels) ?? this.zero(labels);
    let bucket = 0;
    while (bucket < bounds.length && seconds > (bounds[bucket] as number)) bucket += 1;
    (series[bucket] as number) += 1;
    (series[bounds.length + 1] as number) += seconds;
  }

  /** Has labels told before anything is observed, so that a first event is a rise from 0. */
  zero(labels: string): Float64Array {
    const series = new Float64Array(this.#rules.bounds.length + 2);
    this.#series.set(labels, series);
    return series;
  }

  /** The text of a scrape, in Prometheus's exposition format 0.0.4. */
  text(): string {
    const { name, help, bounds } = this.#rules;
    const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`];
    for (const [labels, series] of this.#series) {
      let count = 0;
      for (const [bucket, bound] of [...bounds, '+Inf'].entries()) {
        count += series[bucket] as number;
        lines.push(`${name}_bucket{${labels},le="${bound}"} ${count}`);
      }
      lines.push(`${name}_sum{${labels}} ${series.at(-1)}`, `${name}_count{${labels}} ${count}`);
    }
    return `${lines.join('\n')}\n`;
  }
}
