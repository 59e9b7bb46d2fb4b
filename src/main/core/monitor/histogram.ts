/** Times in a fixed number of buckets: a percentile is at most 3.2 per cent off, whatever the times are. */

/** Sixteen buckets to each doubling, from 2^-10 ms (about a microsecond) to 2^22 ms (more than an hour). */
const bucketsPerDoubling = 16;
const lowest = 2 ** -10;
const doublings = 32;
const bucketCount = doublings * bucketsPerDoubling;

/**
 * The first 16 bits of a double are its sign, its exponent and four bits of its fraction: of a positive number, exactly
 * the number of its bucket. Scratch space; nothing stands in it between two calls.
 */
const scratch = new DataView(new ArrayBuffer(8));
const leadingBits = (value: number): number => {
  scratch.setFloat64(0, value);
  return scratch.getUint16(0);
};
const firstBucket = leadingBits(lowest);

/** What lies below the range counts as its lowest value, what lies above as its highest, and no number as zero. */
function bucketOf(ms: number): number {
  if (!(ms > lowest)) return 0;
  return Math.min(leadingBits(ms) - firstBucket, bucketCount - 1);
}

function lowerEdge(bucket: number): number {
  const step = bucket % bucketsPerDoubling;
  return lowest * 2 ** Math.floor(bucket / bucketsPerDoubling) * (1 + step / bucketsPerDoubling);
}

export class Histogram {
  readonly #counts = new Uint32Array(bucketCount);
  #count = 0;
  #sum = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  /** Exact, unlike a percentile. */
  get sum(): number {
    return this.#sum;
  }

  get max(): number {
    return this.#max;
  }

  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Allocates nothing. `times` counts the same value more than once; a value that is no time counts as zero. */
  record(value: number, times = 1): void {
    const ms = value >= 0 && value < Number.POSITIVE_INFINITY ? value : 0;
    const bucket = bucketOf(ms);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += times;
    this.#sum += ms * times;
    if (ms > this.#max) this.#max = ms;
  }

  /** The nearest-rank quantile for a share between 0 and 1; zero where nothing was recorded. */
  quantile(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min((lowerEdge(bucket) + lowerEdge(bucket + 1)) / 2, this.#max);
    }
    return this.#max;
  }

  /** How many were below `ms`; exact where that is a power of two. */
  countBelow(ms: number): number {
    const end = ms > lowest ? Math.min(leadingBits(ms) - firstBucket, bucketCount) : 0;
    let seen = 0;
    for (let bucket = 0; bucket < end; bucket += 1) seen += this.#counts[bucket] ?? 0;
    return seen;
  }

  /** As if everything the other one recorded had been recorded here. */
  merge(other: Histogram): void {
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + (other.#counts[bucket] ?? 0);
    }
    this.#add(other.#count, other.#sum, other.#max);
  }

  clear(): void {
    if (this.#count === 0) return;
    this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#max = 0;
  }

  /** Sum and maximum, then bucket and count of each bucket that is in use. */
  encode(): Uint8Array {
    let used = 0;
    for (const count of this.#counts) if (count > 0) used += 1;
    const bytes = new DataView(new ArrayBuffer(headerBytes + used * entryBytes));
    bytes.setFloat64(0, this.#sum);
    bytes.setFloat64(8, this.#max);
    let at = headerBytes;
    for (let bucket = 0; bucket < bucketCount; bucket += 1) {
      const count = this.#counts[bucket] ?? 0;
      if (count === 0) continue;
      bytes.setUint16(at, bucket);
      bytes.setUint32(at + 2, count);
      at += entryBytes;
    }
    return new Uint8Array(bytes.buffer);
  }

  /** Merges what `encode` wrote. Bytes that are none of its, as of a damaged row, add nothing. */
  mergeEncoded(encoded: Uint8Array): void {
    const isWhole = encoded.byteLength >= headerBytes && (encoded.byteLength - headerBytes) % entryBytes === 0;
    if (!isWhole) return;
    const bytes = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
    let count = 0;
    for (let at = headerBytes; at < encoded.byteLength; at += entryBytes) {
      const bucket = bytes.getUint16(at);
      if (bucket >= bucketCount) continue;
      const times = bytes.getUint32(at + 2);
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
      count += times;
    }
    this.#add(count, bytes.getFloat64(0), bytes.getFloat64(8));
  }

  #add(count: number, sum: number, max: number): void {
    this.#count += count;
    this.#sum += sum;
    this.#max = Math.max(this.#max, max);
  }
}

const headerBytes = 16;
const entryBytes = 6;
