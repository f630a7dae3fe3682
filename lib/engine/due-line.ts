import type { Instant } from '../core/index.js';
import type { LiveRun } from './live-run.js';

/** Claimed runs whose time is still to come, the earliest first: a binary heap. */
export class DueLine {
  private readonly runs: LiveRun[] = [];

  /** null: nothing waits. Runs that were taken back meanwhile are dropped here. */
  get nextDueAt(): Instant | null {
    while (this.runs.length > 0 && this.runs[0].state !== 'held') this.takeFirst();
    return this.runs.length === 0 ? null : this.runs[0].run.dueAt;
  }

  /** Runs of an executor that wait here. */
  countOf(executor: string): number {
    return this.runs.reduce((count, run) => count + Number(isHeldFor(run, executor)), 0);
  }

  add(run: LiveRun): void {
    let place = this.runs.push(run) - 1;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.runs[parent].run.dueAt <= run.run.dueAt) break;
      this.runs[place] = this.runs[parent];
      place = parent;
    }
    this.runs[place] = run;
  }

  /** The earliest run that is due, taken out of the line; null: none is. */
  takeDue(now: Instant): LiveRun | null {
    const dueAt = this.nextDueAt;
    return dueAt === null || dueAt > now ? null : this.takeFirst();
  }

  private takeFirst(): LiveRun {
    const first = this.runs[0];
    const last = this.runs.pop()!;
    if (this.runs.length > 0) this.sink(last);
    return first;
  }

  private sink(run: LiveRun): void {
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.runs.length) break;
      if (child + 1 < this.runs.length && this.runs[child + 1].run.dueAt < this.runs[child].run.dueAt) child++;
      if (this.runs[child].run.dueAt >= run.run.dueAt) break;
      this.runs[place] = this.runs[child];
      place = child;
    }
    this.runs[place] = run;
  }
}

/** Claimed for an executor, and not offered a slot yet. */
export function isHeldFor({ state, job }: LiveRun, executor: string): boolean {
  return state === 'held' && job.policy.executor === executor;
}
