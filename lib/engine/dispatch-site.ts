import type { EventType, JobRecord, Outcome, RunRecord, Settlement, Store } from '../core/index.js';
import type { ClaimRoom } from './claim-room.js';
import type { FactFields, Facts } from './facts.js';
import type { LiveRun } from './live-run.js';
import type { SchedulerOptions, SchedulerParts } from './scheduler-parts.js';
import type { SettleQueue } from './settle-queue.js';
import type { Slots } from './slots.js';
import type { StoreTime } from './store-time.js';

/** What leading runs of one store needs of those around it. */
export interface DispatchSite {
  readonly parts: SchedulerParts;
  readonly store: Store;
  readonly time: StoreTime;
  readonly facts: Facts;
  readonly settles: SettleQueue;
  readonly options: Pick<SchedulerOptions, 'lease'>;
  /** By executor. */
  readonly slots: ReadonlyMap<string, Slots>;
  readonly room: Pick<ClaimRoom, 'broughtTooMuch'>;
  /** Tasks and executors of rows that this process does not have: left alone by further claims. */
  readonly exceptTasks: Set<string>;
  readonly exceptExecutors: Set<string>;
  /** true: the lease is too short to start; the run is renewed and offered again. */
  renewsFirst(run: LiveRun): boolean;
  /** A settlement is durable: what follows from it for the loop. */
  followUp(run: LiveRun, settlement: Settlement): void;
}

/** Tells a fact about a run of this node. */
export function tellRun(site: DispatchSite, type: EventType, run: LiveRun, fields?: FactFields): void {
  if (!site.facts.wants(type)) return;
  const started = run.startedAt === null ? run.run : { ...run.run, startedAt: run.startedAt };
  site.facts.tell(type, { store: site.store.alias, job: run.job, run: started, ...fields });
}

/** Tells what a durable settlement says, with the run as it is in the store now. */
export function tellSettled(site: DispatchSite, run: LiveRun, settlement: Settlement): void {
  const type = settlementType(settlement);
  if (type === null || !site.facts.wants(type)) return;
  site.facts.tell(type, {
    // A store of this process goes by this clock, and has written it at once.
    at: site.store.isShared ? undefined : settlement.at,
    store: site.store.alias,
    job: run.job,
    run: settledRun(run.run, settlement),
    detail: settlement.kind === 'outcome' ? settlement.detail : null,
    error: run.thrown,
    data: settlement.kind === 'outcome' ? null : { dueAt: settlement.dueAt },
  });
}

/** What a settlement did to the job. */
export function tellAfterwards(site: DispatchSite, run: LiveRun, settlement: Settlement): void {
  if (settlement.kind !== 'outcome' || settlement.afterwards === null) return;
  const { pause, finished } = settlement.afterwards;
  const tell = (type: EventType, job: JobRecord, detail: string): void =>
    site.facts.tell(type, { store: site.store.alias, job, run: run.run, detail });
  if (pause !== undefined) tell('job.quarantined', { ...run.job, pause }, pause.reason ?? '');
  if (finished !== undefined) {
    tell('job.finished', { ...run.job, status: 'finished', statusReason: finished, statusAt: settlement.at }, finished);
  }
}

/** Looked up: a text that is put together anew would be hashed with each run. */
const OF_OUTCOME = {
  succeeded: 'run.succeeded',
  failed: 'run.failed',
  timedOut: 'run.timedOut',
  cancelled: 'run.cancelled',
  lost: 'run.lost',
  skipped: 'run.skipped',
} as const satisfies Record<Outcome, EventType>;

function settlementType(settlement: Settlement): EventType | null {
  if (settlement.kind === 'outcome') return OF_OUTCOME[settlement.outcome];
  return settlement.kind === 'retry' ? 'run.retrying' : null;
}

function settledRun(run: RunRecord, settlement: Settlement): RunRecord {
  const { attempt, startedAt } = settlement;
  if (settlement.kind !== 'outcome') {
    const error = settlement.kind === 'retry' ? settlement.error : run.error;
    return {
      ...run,
      state: 'waiting',
      attempt,
      startedAt,
      dueAt: settlement.dueAt,
      error,
      node: null,
      leaseUntil: null,
    };
  }
  const { outcome, at, reason, detail, error, result, output } = settlement;
  // A store that shares its records has written it there already.
  if (run.state === outcome && run.settledAt === at) return run;
  return {
    ...run,
    state: outcome,
    attempt,
    startedAt,
    settledAt: at,
    leaseUntil: null,
    reason,
    detail,
    error,
    result,
    output,
  };
}
