/** Four for each doubling: a quantile is at most a tenth off. */
const perDoubling = 4;
/** The upper end of the first bucket, in ms. */
const firstMs = 0.1;
/** The last one holds whatever took longer than half an hour. */
const bucketCount = 100;

/** A histogram as it is sent: pairs of a bucket and its count, flat, without empty ones. */
export type Sparse = readonly number[];

/** How long things took: counts in buckets of a logarithmic scale, of a size that never grows. */
export class Histogram {
  readonly #counts = new Uint32Array(bucketCount);

  /** @param ms what is no number of ms counts as none at all */
  record(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
  }

  add(other: Histogram): void {
    for (let i = 0; i < bucketCount; i++) {
      this.#counts[i] = (this.#counts[i] ?? 0) + (other.#counts[i] ?? 0);
    }
  }

  clear(): void {
    this.#counts.fill(0);
  }

  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /**
   * Estimates the time that a part of all things did not take longer than.
   *
   * @param part between 0 and 1
   * @returns ms, at most a tenth off above 0.1 ms and below half an hour; undefined where there are none
   */
  quantile(part: number): number | undefined {
    const rank = Math.max(1, Math.ceil(this.count * part));
    let seen = 0;
    for (let i = 0; i < bucketCount; i++) {
      seen += this.#counts[i] ?? 0;
      if (seen >= rank) return middleOf(i);
    }
    return undefined;
  }

  toSparse(): number[] {
    const pairs: number[] = [];
    this.#counts.forEach((count, bucket) => {
      if (count > 0) pairs.push(bucket, count);
    });
    return pairs;
  }

  /** Reads what another instance has sent; what is no bucket is left out. */
  static fromSparse(pairs: Sparse): Histogram {
    const histogram = new Histogram();
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const bucket = pairs[i] ?? -1;
      if (bucket >= 0 && bucket < bucketCount) histogram.#counts[bucket] = pairs[i + 1] ?? 0;
    }
    return histogram;
  }
}

/** The most numbers that `toSparse` gives. */
export const longestSparse = 2 * bucketCount;

function bucketOf(ms: number): number {
  if (!(ms > firstMs)) return 0;
  return Math.min(bucketCount - 1, Math.ceil(Math.log2(ms / firstMs) * perDoubling));
}

/** The geometric middle, from which both ends are equally far. */
function middleOf(bucket: number): number {
  return firstMs * 2 ** ((bucket - 0.5) / perDoubling);
}
