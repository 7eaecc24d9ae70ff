/** Times in buckets, four to the octave: a percentile without a list of samples, within 12 %. */

/** Milliseconds, within 12 %; 0 where nothing was measured. */
export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/* The bits of a 32-bit float read as an integer: exponent and two bits of the fraction are the bucket, without a logarithm. */
const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);
const SHIFT = 21;
const LEAST = bits(2 ** -10) >>> SHIFT;
const BUCKETS = (bits(2 ** 31) >>> SHIFT) - LEAST + 1;

export class Histogram {
  #counts: Uint32Array | undefined;
  #total = 0;
  #max = 0;

  /** How many were added. */
  get count(): number {
    return this.#total;
  }

  add(ms: number): void {
    this.#counts ??= new Uint32Array(BUCKETS);
    const bucket = (bits(ms) >>> SHIFT) - LEAST;
    this.#counts[bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1]!++;
    this.#total++;
    if (ms > this.#max) this.#max = ms;
  }

  percentiles(): Percentiles {
    return { p50: this.#at(0.5), p99: this.#at(0.99), max: this.#max };
  }

  #at(share: number): number {
    const counts = this.#counts;
    if (counts === undefined) return 0;
    let left = Math.ceil(this.#total * share);
    let bucket = 0;
    while ((left -= counts[bucket]!) > 0) bucket++;
    return bucket === 0 ? 0 : Math.min(this.#max, middleOf(bucket));
  }
}

function bits(ms: number): number {
  FLOAT[0] = ms;
  return BITS[0]!;
}

function middleOf(bucket: number): number {
  BITS[0] = ((bucket + LEAST) << SHIFT) | (1 << (SHIFT - 1));
  return FLOAT[0]!;
}
