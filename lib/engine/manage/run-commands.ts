import type {
  Admission,
  Awaitable,
  ChangeResult,
  EnterResult,
  Instant,
  JobRecord,
  JsonValue,
  NewRun,
  RunFilter,
  RunPage,
  RunRecord,
} from '../../core/index.js';
import { BackfillTooLargeError, RunNotSettledError, UnknownJobError, UnknownRunError } from '../errors.js';
import type { Facts } from '../facts.js';
import { nextFireTime } from '../fire-times.js';
import { isOfLastStep } from '../job-ends.js';
import { admitRun } from '../plan.js';
import { isPausedAt, pauseDetail } from '../plan-draft.js';
import type { SchedulerParts } from '../scheduler-parts.js';
import { settled, then } from '../settled.js';
import { detailOf } from '../stored-values.js';
import type { StoreNode } from '../store-node.js';
import { mayStandStill, setGoing } from './delayed-jobs.js';
import { pageOfAll } from './page-of-all.js';
import type { Stores } from './stores.js';

export interface RunNowOptions {
  /** In place of the job's own. */
  readonly args: readonly JsonValue[] | null;
  /** Obeys neither `maxInstances` nor `overlap`. */
  readonly force: boolean;
  /** In a store of this process the run starts before the call returns, where a slot is free. */
  readonly atOnce?: boolean;
}

/** Both ends included. */
export interface BackfillWindow {
  readonly from: Instant;
  readonly to: Instant;
}

/** Fire times that one backfill may make runs for. */
export const BACKFILL_LIMIT = 1_000;

const UNSETTLED: ReadonlySet<string> = new Set(['buffered', 'waiting', 'running']);

/** Runs that are asked for, stopped and read by hand. */
export class RunCommands {
  constructor(
    private readonly parts: SchedulerParts,
    private readonly stores: Stores,
    private readonly facts: Facts,
  ) {}

  runNow(id: string, { args, force, atOnce = false }: RunNowOptions): Awaitable<RunRecord> {
    return then(this.stores.get(id), ({ node, job }) =>
      then(this.enterManual(node, job, { args, forced: force }), (run) => {
        if (atOnce && !node.store.isShared) node.loop.turnNow();
        return run;
      }),
    );
  }

  retry(runId: string): Awaitable<RunRecord> {
    return then(this.find(runId), (found) => {
      if (found === null) throw new UnknownRunError(runId);
      const { node, run } = found;
      if (UNSETTLED.has(run.state)) throw new RunNotSettledError(runId, run.jobId, run.state);
      return then(node.store.jobs.list({ ids: [run.jobId] }), ([job]) => {
        if (job === undefined) throw new UnknownJobError(run.jobId);
        return this.enterManual(node, job, { args: run.args, forced: run.forced });
      });
    });
  }

  cancel(runId: string, given: string | null = null): Awaitable<RunRecord> {
    const detail = detailOf(given);
    const cancelled = this.stores.firstOf(this.stores.all(), (node) => {
      const at = node.time.now();
      const changed = node.store.jobs.change({ cancel: runId, at, detail });
      return then(changed, ([result]) => (result?.run === undefined ? null : { node, at, result, run: result.run }));
    });
    return then(cancelled, (found) => {
      if (found === null) throw new UnknownRunError(runId);
      const { node, at, result, run } = found;
      const isHere = node.dispatcher.cancel(runId, detail);
      node.loop.wake();
      // One that had ended before is answered as it was.
      if (!isHere && run.state === 'cancelled' && run.settledAt === at) this.afterCancel(node, result, run);
      return then(node.store.history.find(runId), (now) => now ?? run);
    });
  }

  backfill(id: string, window: BackfillWindow): Awaitable<RunRecord[]> {
    return then(this.stores.get(id), ({ node, job }) => {
      const now = node.time.now();
      const runs = this.fireTimesIn(job, window, now).map((fireTime): NewRun => {
        return { jobId: id, kind: 'backfill', fireTime, dueAt: now, forced: false, args: null };
      });
      return then(this.enter(node, runs), (results) =>
        results.filter(({ kind }) => kind === 'entered' || kind === 'skipped').map(({ run }) => run!),
      );
    });
  }

  run(runId: string): Awaitable<RunRecord | null> {
    return then(this.find(runId), (found) => found?.run ?? null);
  }

  runs(filter: RunFilter & { readonly store?: string }): Awaitable<RunPage> {
    const { store, ...rest } = filter;
    const nodes = this.stores.chosen(store);
    if (nodes.length === 1) return nodes[0].store.history.page(rest);
    return pageOfAll(this.stores, nodes, rest);
  }

  /** Runs of a kind that no trigger made, as `start` ones. */
  enter(node: StoreNode, runs: readonly NewRun[]): Awaitable<EnterResult[]> {
    if (runs.length === 0) return [];
    const at = node.time.now();
    const cancelled = new Map<string, readonly string[]>();
    const standing = new Set<string>();
    const admit = (job: JobRecord, unsettled: readonly RunRecord[], run: NewRun): Admission => {
      const admission = refusedAtStart(node, job, run, at) ?? admitRun(job, unsettled, run, at);
      // May be asked again: the last answer for a job is the one that counts.
      cancelled.set(job.id, admission.as === 'skipped' ? [] : (admission.cancel ?? []));
      if (admission.as === 'buffered' && mayStandStill(job)) standing.add(job.id);
      return admission;
    };
    return then(node.store.jobs.enter({ runs, at, admit }), (results) => {
      for (const runId of [...cancelled.values()].flat()) node.dispatcher.cancel(runId, 'replaced by a newer run');
      if (standing.size > 0) this.setGoing(node, [...standing]);
      this.told(node, results);
      return results;
    });
  }

  private told(node: StoreNode, results: readonly EnterResult[]): void {
    for (const { kind, run } of results) {
      if (run === null) continue;
      if (kind === 'skipped') this.facts.tell('run.skipped', { store: node.store.alias, run, detail: run.detail });
      if (run.state === 'buffered') node.sawBuffered();
    }
    node.loop.wake();
  }

  private enterManual(node: StoreNode, job: JobRecord, how: Pick<NewRun, 'args' | 'forced'>): Awaitable<RunRecord> {
    const now = node.time.now();
    const run: NewRun = { jobId: job.id, kind: 'manual', fireTime: now, dueAt: now, ...how };
    return then(this.enter(node, [run]), ([result]) => {
      if (result.run === null) throw new UnknownJobError(job.id);
      return result.run;
    });
  }

  private find(runId: string): Awaitable<{ node: StoreNode; run: RunRecord } | null> {
    return this.stores.firstOf(this.stores.all(), (node) =>
      then(node.store.history.find(runId), (run) => (run === null ? null : { node, run })),
    );
  }

  /** Fire times in the window that are past, oldest first; a job that keeps no grid has none. */
  private fireTimesIn(job: JobRecord, { from, to }: BackfillWindow, now: Instant): Instant[] {
    const trigger = this.parts.triggers.decode(job.trigger);
    const times: Instant[] = [];
    if (trigger.fixedDelay !== null) return times;
    const end = Math.min(to, now);
    for (let next = nextFireTime(trigger, from - 1); next !== null && next <= end; next = nextFireTime(trigger, next)) {
      if (times.length === BACKFILL_LIMIT) throw new BackfillTooLargeError(job.id, BACKFILL_LIMIT);
      times.push(next);
    }
    return times;
  }

  /** A run that nobody held was settled by the store. */
  private afterCancel(node: StoreNode, { after: job }: ChangeResult, run: RunRecord): void {
    this.facts.tell('run.cancelled', { store: node.store.alias, job, run, detail: run.detail });
    if (job === null) return;
    if (isOfLastStep(job, run)) node.ends.settled(job, run);
    if (mayStandStill(job)) this.setGoing(node, [job.id]);
  }

  /** What the closing of a run sets on a `fixedDelay` job is still to be done where the store closed it by itself. */
  private setGoing(node: StoreNode, ids: readonly string[]): void {
    settled(
      () => setGoing(node, ids),
      (isChanged) => {
        node.health.answered('change');
        if (isChanged) node.loop.wake();
      },
      (error) => node.health.failed('change', error),
    );
  }
}

/** A paused application makes no runs of its own accord; what it leaves out is not made up for (SEMANTICS 2). */
function refusedAtStart({ pause }: StoreNode, { policy }: JobRecord, run: NewRun, now: Instant): Admission | null {
  if (run.kind !== 'start' || policy.evenInMaintenanceMode || !isPausedAt(pause, now)) return null;
  return { as: 'skipped', reason: 'paused', detail: `the application was ${pauseDetail(pause!)}` };
}
