import type { Instant, Millis } from './time.js';

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
const HALF_RANGE = 0x200000; // 21 bits above the lower 32 make the 53 bits that a double keeps exactly

/** Spreads the bits of a 32-bit word: the finaliser of MurmurHash3 (public domain, Austin Appleby). */
function mixed(word: number): number {
  let hash = word;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A 32-bit hash of a text, the same on every node, in every process and version. */
export function hashOfText(text: string, seed = FNV_OFFSET): number {
  let hash = seed;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  }
  return mixed(hash);
}

/**
 * How long after its fire time a run is due: `hash(job id, fire time) mod min(jitter, distance to the next fire time)`.
 *
 * Pure, never negative, never as long as `jitter`, so a run is never early and never due after the following fire time
 * (source: SEMANTICS 1.7).
 *
 * @param jitter upper bound in milliseconds; 0 for none
 * @param distanceToNext milliseconds from this fire time to the next one; null when there is none
 */
export function jitterOf(jobId: string, fireTime: Instant, jitter: Millis, distanceToNext: Millis | null): Millis {
  const bound = Math.floor(distanceToNext === null ? jitter : Math.min(jitter, distanceToNext));
  if (!(bound > 1)) return 0;
  const high = Math.floor(fireTime / 0x100000000) | 0;
  const low = fireTime | 0;
  const first = mixed(hashOfText(jobId) ^ low);
  const second = mixed(first ^ Math.imul(high, FNV_PRIME) ^ 0x9e3779b9);
  return ((second % HALF_RANGE) * 0x100000000 + first) % bound;
}
