import type { Instant } from '../../../../core/index.js';
import type { RunDraft } from '../../records.js';
import type { KnownBatch } from '../server/known-batches.js';

/** All that a row says, but the lease. */
export interface Batch extends KnownBatch {
  readonly nodeKey: number;
  readonly createdAt: Instant;
  readonly fireTimes: readonly number[];
  readonly shapeKeys: readonly number[];
}

/** A row as it is now. */
export interface BatchRow extends Batch {
  readonly leaseUntil: Instant;
}

type RunParts = readonly [jobKey: number, generation: number, fireTime: number, shapeKey: number];

export const BATCH_COLUMNS = 'batch_key, created_at, lease_until, node_key, ended, runs';

/** As it is written. */
export function batchOf(key: number, drafts: readonly RunDraft[], nodeKey: number): Batch {
  return {
    key,
    nodeKey,
    createdAt: drafts[0].createdAt,
    jobKeys: drafts.map(({ job }) => job.key),
    generations: drafts.map(({ job }) => job.record.generation),
    fireTimes: drafts.map(({ fireTime }) => fireTime),
    shapeKeys: drafts.map(({ job }) => job.shapeKey),
    ended: new Uint8Array(drafts.length),
    open: drafts.length,
  };
}

export function runsTextOf({ jobKeys, generations, fireTimes, shapeKeys }: Batch): string {
  const runs = jobKeys.map(
    (jobKey, place) => `[${jobKey},${generations[place]},${fireTimes[place]},${shapeKeys[place]}]`,
  );
  return `[${runs.join(',')}]`;
}

/** Of what `BATCH_COLUMNS` answer. */
export function rowOf(columns: readonly unknown[]): BatchRow {
  const [key, createdAt, leaseUntil, nodeKey, bits, text] = columns as [number, number, number, number, string, string];
  const runs = JSON.parse(text) as RunParts[];
  const ended = Uint8Array.from(bits, Number);
  return {
    ...{ key, createdAt, leaseUntil, nodeKey, ended },
    jobKeys: runs.map((run) => run[0]),
    generations: runs.map((run) => run[1]),
    fireTimes: runs.map((run) => run[2]),
    shapeKeys: runs.map((run) => run[3]),
    open: ended.reduce((open, bit) => open - bit, runs.length),
  };
}

export function openPlaces({ ended }: KnownBatch): number[] {
  const places: number[] = [];
  for (const [place, bit] of ended.entries()) if (bit === 0) places.push(place);
  return places;
}
