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

/** What of it is kept: of a batch whose runs were all withdrawn or lost nobody says so. */
const KEPT_BATCHES = 4_096;

/** The batches that this process has claimed lately. Another step may take one apart: the database has the last word. */
export class KnownBatches {
  /** By the key of their first run, ascending. */
  private readonly batches: KnownBatch[] = [];

  add(key: number, jobKeys: readonly number[], generations: readonly number[]): void {
    const batch = { key, jobKeys, generations, ended: new Uint8Array(jobKeys.length), open: jobKeys.length };
    this.batches.splice(this.placeAfter(key), 0, batch);
    if (this.batches.length > KEPT_BATCHES) this.batches.shift();
  }

  /** The batch that holds this run; null: none that is known. */
  of(runKey: number): KnownBatch | null {
    const batch = this.batches[this.placeAfter(runKey) - 1] as KnownBatch | undefined;
    return batch !== undefined && runKey < batch.key + batch.jobKeys.length ? batch : null;
  }

  /** These runs have left it. */
  leave(batch: KnownBatch, runKeys: readonly number[]): void {
    for (const runKey of runKeys) {
      const place = runKey - batch.key;
      if (batch.ended[place] === 1) continue;
      batch.ended[place] = 1;
      batch.open--;
    }
    if (batch.open === 0) this.forget(batch);
  }

  forget(batch: KnownBatch): void {
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
