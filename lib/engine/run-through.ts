import type { Awaitable, Clock, Instant, JobPause, JobRecord, Millis, RunFilter, RunPage } from '../core/index.js';
import type { LocatedJob, Stores } from './manage/stores.js';
import { isPausedAt } from './plan-draft.js';
import type { Quiet } from './quiet.js';

/** A run that is due and does not start is looked at again after this. */
const LOOK_AGAIN: Millis = 100;

/** What is waited for. */
export interface RunThroughOptions {
  /** What falls up to then, it included; left out: what is open. */
  readonly end?: Instant;
  /** Executors whose runs have to have started, and may go on. */
  readonly except?: ReadonlySet<string>;
}

export interface RunThroughSite {
  readonly clock: Clock;
  readonly stores: Stores;
  readonly quiet: Quiet;
  readonly scheduler: ScheduleView;
}

/** What is asked of the scheduler. */
interface ScheduleView {
  isPaused(): Awaitable<JobPause | null>;
  list(filter?: { readonly store?: string }): Awaitable<LocatedJob[]>;
  preview(from: Instant, to: Instant): Awaitable<readonly { readonly jobId: string; readonly dueAt: Instant }[]>;
  runs(filter: RunFilter & { readonly store?: string }): Awaitable<RunPage>;
}

/**
 * Waits as a process has to that ends with what it was started for: until the last fire time has come, nothing is open, and
 * in stores of this process no run waits to be tried again, for it would be lost.
 */
export async function runThrough(site: RunThroughSite, { end, except = new Set() }: RunThroughOptions): Promise<void> {
  if (end !== undefined) await untilLast(site, end);
  for (;;) {
    await site.quiet.until(() => site.quiet.isIdle(except), null);
    const dueAt = await nextOwnRun(site, except);
    // Claimed ahead, it is no fire time to come any more; left, it would be given back to a later call.
    const wait = end === undefined ? null : site.quiet.untilHeld(end);
    if (dueAt === null && wait === null) return;
    const now = site.clock.now();
    const next = Math.min(dueAt ?? Infinity, wait === null ? Infinity : now + wait);
    await until(site, Math.max(next + 1, now + LOOK_AGAIN));
  }
}

async function untilLast(site: RunThroughSite, end: Instant): Promise<void> {
  const { clock, scheduler } = site;
  for (;;) {
    const isPaused = (await scheduler.isPaused()) !== null;
    const jobs = new Map((await scheduler.list()).map(({ job }) => [job.id, job]));
    const mayRun = (id: string): boolean => !isPaused || jobs.get(id)?.policy.evenInMaintenanceMode === true;
    const now = clock.now();
    const dues = (await scheduler.preview(now, end)).filter(({ jobId }) => mayRun(jobId)).map(({ dueAt }) => dueAt);
    // With jitter a fire time that has come may be due later.
    for (const job of jobs.values()) if (mayRun(job.id) && isToCome(job, now, end)) dues.push(job.dueAt!);
    if (dues.length === 0) return;
    await until(site, dues.reduce((last, dueAt) => Math.max(last, dueAt)) + 1);
  }
}

function isToCome({ status, pause, fireTime, dueAt }: JobRecord, now: Instant, end: Instant): boolean {
  return status === 'active' && !isPausedAt(pause, now) && fireTime !== null && fireTime <= end && dueAt! > now;
}

async function nextOwnRun({ scheduler, stores }: RunThroughSite, except: ReadonlySet<string>): Promise<Instant | null> {
  const dues: Instant[] = [];
  for (const { store } of stores.all()) {
    if (store.isShared) continue;
    const { runs } = await scheduler.runs({ store: store.alias, states: ['waiting'], limit: 1_000 });
    if (runs.length === 0) continue;
    const jobs = await scheduler.list({ store: store.alias });
    const apart = new Set(jobs.filter(({ job }) => except.has(job.policy.executor)).map(({ job }) => job.id));
    dues.push(...runs.filter(({ jobId }) => !apart.has(jobId)).map(({ dueAt }) => dueAt));
  }
  return dues.length === 0 ? null : Math.min(...dues);
}

function until({ clock }: RunThroughSite, instant: Instant): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(instant, resolve));
}
