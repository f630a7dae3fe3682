import type { RunDraft } from '../../records.js';
import type { RunClose } from '../../session.js';

/** Runs in one row, at most. */
export const BATCH_SIZE = 64;

/** Runs of one row of `claimed_batches`, as this process knows it: keys in a row, and what of them is still held. */
export interface KnownBatch {
  /** Key of its first run; those of the others follow. */
  readonly key: number;
  readonly jobKeys: readonly number[];
  readonly generations: readonly number[];
  /** A bit for each run, in the order of their keys: `1`: it has ended. */
  ended: Uint8Array;
  open: number;
}

/** Ends of runs that lie in one row. */
export interface BatchEnds<B extends KnownBatch = KnownBatch> {
  readonly batch: B;
  readonly ends: RunClose[];
  /** A bit for each run of the row: `1`: it is among the ends. */
  readonly isNamed: Uint8Array;
}

/** Can all of them lie in such rows? */
export function canLieTogether(drafts: readonly RunDraft[]): boolean {
  return drafts.every(isPlain);
}

/** What every claimed run is that lies in such a row: for one due fire time, and nothing else is said of it. */
function isPlain(draft: RunDraft): boolean {
  const { kind, claim, dueAt, fireTime, firstFireTime, count, countIsExact, forced, args, detail } = draft;
  return (
    claim !== null &&
    kind === 'scheduled' &&
    dueAt === fireTime &&
    firstFireTime === fireTime &&
    count === 1 &&
    countIsExact &&
    !forced &&
    args === null &&
    detail === null
  );
}

/** A batch as it was just written. */
export function newBatch(key: number, jobKeys: readonly number[], generations: readonly number[]): KnownBatch {
  return { key, jobKeys, generations, ended: new Uint8Array(jobKeys.length), open: jobKeys.length };
}

/** What of it is kept: of a batch whose runs were all withdrawn or lost nobody says so. */
const KEPT_BATCHES = 4_096;

/** The batches that this process has claimed lately. Another step may take one apart: the database has the last word. */
export class KnownBatches<B extends KnownBatch = KnownBatch> {
  /** By the key of their first run, ascending. */
  private readonly batches: B[] = [];

  add(batch: B): void {
    this.batches.splice(this.placeAfter(batch.key), 0, batch);
    if (this.batches.length > KEPT_BATCHES) this.batches.shift();
  }

  /** The batch that holds this run; null: none that is known. */
  of(runKey: number): B | null {
    const batch = this.batches[this.placeAfter(runKey) - 1] as B | undefined;
    return batch !== undefined && isIn(batch, runKey) ? batch : null;
  }

  /** Sorts ends by where their runs lie, as far as this process knows; of those that end twice, the first counts. */
  sort(ends: readonly RunClose[]): { readonly batched: readonly BatchEnds<B>[]; readonly single: readonly RunClose[] } {
    const groups = new Map<B, BatchEnds<B>>();
    const single: RunClose[] = [];
    let last: BatchEnds<B> | undefined;
    for (const end of ends) {
      const batch: B | null = last !== undefined && isIn(last.batch, end.key) ? last.batch : this.of(end.key);
      if (batch === null || end.token !== 1 || batch.ended[end.key - batch.key] === 1) {
        single.push(end);
        continue;
      }
      if (last?.batch !== batch) last = groups.get(batch);
      if (last === undefined) {
        groups.set(batch, (last = { batch, ends: [], isNamed: new Uint8Array(batch.jobKeys.length) }));
      }
      const place = end.key - batch.key;
      if (last.isNamed[place] === 1) continue;
      last.isNamed[place] = 1;
      last.ends.push(end);
    }
    return { batched: [...groups.values()], single };
  }

  /** Batches of which every open run is named, with the keys named, and the keys of all other runs. */
  wholeOf(keys: readonly number[]): { whole: { batch: B; keys: number[] }[]; rest: number[] } {
    const groups = new Map<B, number[]>();
    const rest: number[] = [];
    for (const key of keys) {
      const batch = this.of(key);
      if (batch === null || batch.ended[key - batch.key] === 1) rest.push(key);
      else if (groups.has(batch)) groups.get(batch)!.push(key);
      else groups.set(batch, [key]);
    }
    const whole = [];
    for (const [batch, some] of groups) {
      if (some.length === batch.open) whole.push({ batch, keys: some });
      else rest.push(...some);
    }
    return { whole, rest };
  }

  /** These runs have left it. */
  leave(batch: B, runKeys: readonly number[]): void {
    for (const runKey of runKeys) {
      const place = runKey - batch.key;
      if (batch.ended[place] === 1) continue;
      batch.ended[place] = 1;
      batch.open--;
    }
    if (batch.open === 0) this.forget(batch);
  }

  forget(batch: B): void {
    const place = this.placeAfter(batch.key) - 1;
    if (this.batches[place] === batch) this.batches.splice(place, 1);
  }

  private placeAfter(runKey: number): number {
    let [from, to] = [0, this.batches.length];
    // Mostly it is among the newest.
    if (to > 0 && this.batches[to - 1].key <= runKey) return to;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (this.batches[middle].key <= runKey) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function isIn({ key, jobKeys }: KnownBatch, runKey: number): boolean {
  return runKey >= key && runKey < key + jobKeys.length;
}
