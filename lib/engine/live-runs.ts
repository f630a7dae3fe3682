import type { LiveRun } from './live-run.js';

/**
 * Runs by id, in the order of their places. A plain `Map` of runs would keep many of them alive long after they have
 * left: each time it is filled up V8 makes a new table, and the old one, once it lies in old space, holds the runs that
 * were in it, and the next table, until that space is collected. So the map holds numbers, and one list the runs.
 */
export class LiveRuns {
  private readonly places = new Map<string, number>();
  private readonly runs: (LiveRun | undefined)[] = [];
  private readonly free: number[] = [];

  get size(): number {
    return this.places.size;
  }

  get(runId: string): LiveRun | undefined {
    const place = this.places.get(runId);
    return place === undefined ? undefined : this.runs[place];
  }

  /** @returns the run that was there under the id, if there was one */
  set(runId: string, run: LiveRun): LiveRun | undefined {
    const known = this.places.get(runId);
    if (known !== undefined) {
      const former = this.runs[known];
      this.runs[known] = run;
      return former;
    }
    const place = this.free.pop() ?? this.runs.length;
    this.places.set(runId, place);
    this.runs[place] = run;
    return undefined;
  }

  /** Takes that very run out; another one under its id stays. */
  delete(runId: string, run: LiveRun): void {
    const place = this.places.get(runId);
    if (place === undefined || this.runs[place] !== run) return;
    this.places.delete(runId);
    this.runs[place] = undefined;
    this.free.push(place);
  }

  /** Those that are there while they are read; others may come and go meanwhile. */
  *values(): IterableIterator<LiveRun> {
    for (const run of this.runs) if (run !== undefined) yield run;
  }
}
