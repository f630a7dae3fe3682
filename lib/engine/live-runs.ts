import type { LiveRun } from './live-run.js';

/**
 * The runs of one node, in the order of their places. A plain `Map` of runs would keep many of them alive long after they
 * have left: each time it is filled up V8 makes a new table, and the old one, once it lies in old space, holds the runs
 * that were in it, and the next table, until that space is collected. So the map holds numbers, and one list the runs; and
 * there is no map before somebody asks for a run by its id.
 */
export class LiveRuns {
  private places: Map<string, number> | null;
  private readonly runs: (LiveRun | undefined)[] = [];
  private readonly free: number[] = [];

  /** @param haveTwins a second run may come under the id of one that is still here */
  constructor(haveTwins = true) {
    this.places = haveTwins ? new Map() : null;
  }

  get size(): number {
    return this.runs.length - this.free.length;
  }

  get(runId: string): LiveRun | undefined {
    this.places ??= new Map(Array.from(this.values(), (run) => [run.claim.runId, run.place]));
    const place = this.places.get(runId);
    return place === undefined ? undefined : this.runs[place];
  }

  /** @returns the run that was there under the id, if there was one */
  set(runId: string, run: LiveRun): LiveRun | undefined {
    const known = this.places?.get(runId);
    const former = known === undefined ? undefined : this.runs[known];
    if (former !== undefined) former.place = -1;
    const place = known ?? this.free.pop() ?? this.runs.length;
    if (known === undefined) this.places?.set(runId, place);
    run.place = place;
    this.runs[place] = run;
    return former;
  }

  /** Takes that very run out; another one under its id stays. */
  delete(runId: string, run: LiveRun): void {
    const { place } = run;
    if (place < 0) return;
    run.place = -1;
    this.places?.delete(runId);
    this.runs[place] = undefined;
    this.free.push(place);
  }

  /** Cheap enough to be asked with each turn of the loop: no iterator, and nothing made for each run. */
  some(is: (run: LiveRun) => boolean): boolean {
    for (let place = 0; place < this.runs.length; place++) {
      const run = this.runs[place];
      if (run !== undefined && is(run)) return true;
    }
    return false;
  }

  /** Those that are there while they are read; others may come and go meanwhile. */
  *values(): IterableIterator<LiveRun> {
    for (const run of this.runs) if (run !== undefined) yield run;
  }
}
