import type { DecideJob, JobPause, JobPlan, JobRecord, PlanRuns, RunRecord, Store } from '../core/index.js';
import type { ClaimRoom } from './claim-room.js';
import type { Facts } from './facts.js';
import type { JobEnds } from './job-ends.js';
import { leftToOthersFrom } from './left-to-others.js';
import { compareVersions } from './manage/reconcile.js';
import { planRuns } from './plan.js';
import type { PlanWindow } from './plan-draft.js';
import type { SchedulerParts } from './scheduler-parts.js';
import { settled } from './settled.js';
import type { StoreHealth } from './store-health.js';
import type { StoreTime } from './store-time.js';

export interface PlanCallParts {
  readonly parts: SchedulerParts;
  readonly store: Store;
  readonly time: StoreTime;
  readonly health: StoreHealth;
  readonly facts: Facts;
  readonly ends: JobEnds;
  /** The application's latest pause; ended when its `until` has passed. */
  readonly pause: JobPause | null;
  /** What the claim under way may take. */
  readonly room: ClaimRoom;
}

/** The plan as a store calls it. A row that cannot be planned is set aside and harms no other (P23). */
export class PlanCalls {
  private readonly unreadable = new Map<string, unknown>();
  private readonly resumed: JobRecord[] = [];

  constructor(private readonly of: PlanCallParts) {}

  readonly plan: PlanRuns = (job: JobRecord, unsettled: readonly RunRecord[], window: PlanWindow): JobPlan | null => {
    if (!this.of.parts.options.plans) return null;
    try {
      const plan = this.planOf(this.underPause(job, window), unsettled, window);
      if (plan !== null && !this.of.room.admits(job, plan)) return null;
      if (plan !== null && plan.finished !== null) this.of.ends.planned(job.id, plan.runs.length);
      if (plan !== null && job.pause !== null) this.resumed.push({ ...job, pause: null });
      return plan;
    } catch (error) {
      this.unreadable.set(job.id, error);
      return null;
    }
  };

  private planOf(job: JobRecord, unsettled: readonly RunRecord[], window: PlanWindow): JobPlan | null {
    const before = leftToOthersFrom(job, this.of.store, this.of.parts.options);
    const trigger = this.of.parts.triggers.decode(job.trigger);
    if (before === null) return planRuns(job, trigger, unsettled, window);
    const plan = planRuns(job, trigger, unsettled, { ...window, before });
    // Of this process, nobody else takes it: left there, many of them would hide the retries behind them from the claim.
    const isOver = plan === null && !this.of.store.isShared && job.fireTime !== null && job.fireTime >= before;
    return isOver ? nothingToCome(job) : plan;
  }

  /** What fell due while the whole application was paused is judged as if the job itself had been. */
  private underPause(job: JobRecord, { now }: PlanWindow): JobRecord {
    const { pause } = this.of;
    if (pause === null || job.pause !== null || job.dueAt === null || job.policy.evenInMaintenanceMode) return job;
    const { until } = pause;
    if (until === null || until > now || job.dueAt >= until || job.updatedAt >= until) return job;
    return { ...job, pause };
  }

  /** Called when the claim is through: the plan itself may not change anything. */
  followUp(): void {
    for (const job of this.resumed.splice(0)) {
      this.of.facts.tell('job.resumed', { store: this.of.store.alias, job, detail: 'its pause ended by itself' });
    }
    if (this.unreadable.size > 0) this.setAside(new Map(this.unreadable));
  }

  /** A row written by a newer version of the application is left for nodes of that version. */
  private setAside(errors: ReadonlyMap<string, unknown>): void {
    this.unreadable.clear();
    const { store, time, facts, health, parts } = this.of;
    const decide: DecideJob = (job, _unsettled, now) => {
      if (job.status !== 'active' || compareVersions(parts.appVersion, job.appVersion) < 0) return null;
      const statusReason = `it cannot be planned: ${String(errors.get(job.id))}`.slice(0, 500);
      return { status: 'unresolved', statusReason, statusAt: now };
    };
    settled(
      () => store.jobs.change({ ids: [...errors.keys()], now: () => time.latest(), decide }),
      (results) => {
        health.answered('change');
        for (const { after: job } of results) {
          if (job === null) continue;
          facts.tell('job.unresolved', {
            store: store.alias,
            job,
            detail: job.statusReason,
            error: errors.get(job.id),
          });
        }
      },
      (error) => health.failed('change', error),
    );
  }
}

function nothingToCome({ runCount }: JobRecord): JobPlan {
  const plan = { runs: [], skips: [], cancel: [], drop: [], promote: [] };
  return { ...plan, fireTime: null, dueAt: null, runCount, finished: null };
}
