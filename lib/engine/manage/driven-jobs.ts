import type {
  Awaitable,
  Instant,
  JobPatch,
  JobRecord,
  PlannedSkip,
  RunRecord,
  TriggerCodec,
} from '../../core/index.js';
import type { Facts } from '../facts.js';
import { leftToOthersFrom } from '../left-to-others.js';
import { isPausedAt, pauseDetail } from '../plan-draft.js';
import { then } from '../settled.js';
import type { StoreNode } from '../store-node.js';
import type { RunCommands } from './run-commands.js';
import type { Stores } from './stores.js';

/** So often one instant may come, by a clock that is set back. */
const MOST_PASSES = 100;

/** What fires a driven job: a timer outside of the scheduler. */
export interface Driver {
  /** When it will fire next, strictly after an instant; null: it will not, as things stand. */
  next(after: Instant): Instant | null;
}

/** A driver fired. */
export interface Tick {
  /** When it was to fire: now or before. */
  readonly fireTime: Instant;
  /** It fires no more: the job is finished by this run. */
  readonly isLast: boolean;
}

/** A tick and the run it made; null: it was refused. */
interface Advance {
  readonly tick: Tick;
  readonly run: RunRecord | null;
  readonly now: Instant;
}

/** Ticks that made no run because of a pause; told with the first tick that makes one again. */
interface Missed {
  readonly detail: string | null;
  readonly first: Instant;
  last: Instant;
  count: number;
}

/**
 * Jobs of this process whose fire times come from outside. Their rows hold no fire time, for no loop is to act on one: a
 * reader is shown what the driver says, and each of its ticks makes a scheduled run, before the call returns.
 */
export class DrivenJobs {
  private readonly drivers = new Map<string, Driver>();
  private readonly missed = new Map<string, Missed>();

  constructor(
    private readonly triggers: TriggerCodec,
    private readonly stores: Stores,
    private readonly runs: RunCommands,
    private readonly facts: Facts,
  ) {}

  /** From now on that driver is asked for the job's fire times; null: none is. */
  drive(id: string, driver: Driver | null): void {
    this.missed.delete(id);
    if (driver === null) this.drivers.delete(id);
    else this.drivers.set(id, driver);
  }

  /** Who is asked for the job's fire times in place of its trigger. */
  driverOf(job: JobRecord): Driver | null {
    return this.drivers.size > 0 && this.isDriven(job) ? (this.drivers.get(job.id) ?? null) : null;
  }

  /** The job as its readers see it: with the fire time that its driver tells. */
  seen(job: JobRecord, now: Instant): JobRecord {
    const driver = this.driverOf(job);
    if (driver === null) return job;
    const fireTime = driver.next(now);
    return { ...job, fireTime, dueAt: fireTime };
  }

  /** Makes the run of a fire time; null: the job is gone or not active, a pause stands in the way, or it is for another process. */
  tick(id: string, tick: Tick): Awaitable<RunRecord | null> {
    return then(this.stores.find(id), (found) => {
      if (found === null || !this.isDriven(found.job)) return null;
      const { node, job } = found;
      const before = leftToOthersFrom(job, node.store, node.options);
      if (before !== null && tick.fireTime >= before) return null;
      const now = node.time.now();
      const pause = isPausedAt(job.pause, now) || job.policy.evenInMaintenanceMode ? job.pause : node.pause;
      if (isPausedAt(pause, now)) {
        this.miss(id, tick.fireTime, pauseDetail(pause!));
        return null;
      }
      return then(this.enter(node, job, tick.fireTime), (run) =>
        then(this.advance(node, job, { tick, run, now }), () => {
          node.loop.turnNow();
          return run;
        }),
      );
    });
  }

  /** One that was rescheduled by hand has fire times of its own. */
  private isDriven({ status, trigger }: JobRecord): boolean {
    try {
      return status === 'active' && this.triggers.decode(trigger).isDriven === true;
    } catch {
      // A row that cannot be read hides no other from its readers (P23); of a driven job it is this process's own.
      return false;
    }
  }

  /** A clock that was set back brings an instant again: the run of its second pass is named a millisecond later. */
  private enter(node: StoreNode, job: JobRecord, dueAt: Instant, passes = 0): Awaitable<RunRecord | null> {
    const fireTime = dueAt + passes;
    const run = { jobId: job.id, kind: 'scheduled', fireTime, dueAt, forced: false, args: null } as const;
    return then(this.runs.enter(node, [run]), ([result]) => {
      if (result.kind !== 'exists') return result.run;
      return passes < MOST_PASSES ? this.enter(node, job, dueAt, passes + 1) : null;
    });
  }

  /** What the plan does beside making a run: counts it, ends a pause whose time is over, writes what a pause covered. */
  private advance(node: StoreNode, job: JobRecord, { tick: { isLast }, run, now }: Advance): Awaitable<void> {
    const skips = this.skipsOf(job.id);
    const ended: JobPatch = isLast
      ? { status: 'finished', statusReason: 'ended', statusAt: run?.createdAt ?? now }
      : {};
    const changed = node.store.jobs.change({
      ids: [job.id],
      now: () => now,
      decide: ({ runCount }) => ({ runCount: runCount + 1, pause: null, ...ended }),
      record: () => skips,
    });
    return then(changed, ([result]) => {
      const after = result?.after ?? null;
      if (after === null) return;
      if (isLast) node.cameToEnd(after);
      const store = node.store.alias;
      const detail = 'its pause ended by itself';
      if (job.pause !== null) this.facts.tell('job.resumed', { store, job: after, detail });
      // Else it is told when that run has had its turn.
      if (isLast && (run === null || run.state === 'skipped')) node.ends.tell(after);
    });
  }

  private miss(id: string, fireTime: Instant, detail: string | null): void {
    const known = this.missed.get(id);
    if (known === undefined) this.missed.set(id, { detail, first: fireTime, last: fireTime, count: 1 });
    else {
      known.last = fireTime;
      known.count++;
    }
  }

  private skipsOf(id: string): PlannedSkip[] {
    const missed = this.missed.get(id);
    if (missed === undefined) return [];
    this.missed.delete(id);
    const { detail, first, last, count } = missed;
    return [{ reason: 'paused', detail, fireTime: last, firstFireTime: first, count, countIsExact: true }];
  }
}
