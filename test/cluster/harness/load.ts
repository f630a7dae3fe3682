import type { OneOffJob, RecurringJob } from '../node/settings.js';
import type { Random } from './random.js';

/** How much a cluster gets to do. */
export interface LoadSize {
  readonly oneOffs: number;
  readonly recurring: number;
  /** How long jobs fall due. */
  readonly windowMs: number;
  /** A machine on which processes start slowly gets less to do. */
  readonly isFitted: boolean;
}

/** When jobs fall due, epoch ms. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Kinds of recurring jobs, by their share of all. Their names begin the ids of their jobs. */
const KINDS = [
  // Each fire time makes a run, however late.
  { name: 'each', share: 0.3, everyMs: [2_000, 6_000], workMs: 0, policy: { coalesce: false, overlap: 'bufferAll' } },
  // Missed fire times become one run, and an open run stands in the way.
  { name: 'latest', share: 0.3, everyMs: [1_000, 3_000], workMs: 0, policy: {} },
  // Long enough to be caught in the middle by whatever happens to its process.
  { name: 'long', share: 0.35, everyMs: [5_000, 7_000], workMs: 3_000, policy: {} },
  { name: 'several', share: 0.05, everyMs: [1_500, 2_500], workMs: 4_000, policy: { maxInstances: 3 } },
] as const;

export function oneOffJobs(count: number, { from, to }: Window, random: Random): OneOffJob[] {
  return Array.from({ length: count }, (_, index) => ({ id: `once-${index}`, at: random.between(from, to) }));
}

export function recurringJobs(count: number, { from, to }: Window, random: Random): RecurringJob[] {
  return KINDS.flatMap(({ name, share, everyMs, workMs, policy }) =>
    Array.from({ length: Math.ceil(count * share) }, (_, index) => ({
      id: `${name}-${index}`,
      everyMs: random.between(everyMs[0], everyMs[1]),
      start: from + random.between(0, 1_000),
      end: to,
      workMs,
      policy,
    })),
  );
}
