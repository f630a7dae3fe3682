import type { JobPlan, JobRecord, PlanRuns, RunRecord } from '../../core/index.js';
import type { ClaimScope, Work } from './claim-scope.js';
import type { DueItem, DuePage } from './due-reader.js';
import type { StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import { jobPlace, runPlace } from './write-draft.js';

const NO_RUNS: readonly RunRecord[] = [];

/** Says what is to be done with what is due, in the order of due times, as long as there is room; parks the rest. */
export class DueSorter {
  /** Jobs that came up and cannot be read. */
  readonly damaged: StoredJob[] = [];
  private readonly work: Work[] = [];
  /** By the job's id, where several items may be of one. */
  private byJob: Map<string, Work> | null = null;

  constructor(
    private readonly scope: ClaimScope,
    private readonly planRuns: PlanRuns,
    private room: number,
  ) {}

  sort(page: DuePage): Work[] {
    this.byJob = page.isPlain ? null : new Map();
    for (const item of page.items) {
      if (item.kind === 'job') this.look(item, page, item.job);
      else this.lookAtRun(item, page, page.runs.get(item.key));
    }
    return this.work;
  }

  private lookAtRun(item: DueItem, page: DuePage, run: RunRecord | undefined): void {
    if (run !== undefined) this.look(item, page, page.jobs.get(lineOf(run.jobId)) ?? null, run);
  }

  private look(item: DueItem, page: DuePage, job: StoredJob | null, run?: RunRecord): void {
    // What is not there any more, or cannot be read (P23), leaves the lanes.
    if (job === null) return;
    if (job.isDamaged) {
      if (run === undefined) this.damaged.push(job);
      return;
    }
    const place = run === undefined ? jobPlace(job) : runPlace(job, run);
    if (place === null) return;
    const isAhead = place.at > this.scope.request.until;
    if (isAhead || this.room <= 0 || this.isLeftOut(job.record, run)) {
      this.scope.park(nameOf(item), place.lane, place.at);
      if (isAhead) this.scope.comes(place.at);
      else if (this.room <= 0) this.scope.leave(place.at);
    } else if (run !== undefined) {
      this.room--;
      this.workOn(item, job).waiting.push(run);
    } else {
      this.plan(item, job, page.unsettled.get(job.record.id) ?? NO_RUNS);
    }
  }

  private plan(item: DueItem, job: StoredJob, unsettled: readonly RunRecord[]): void {
    const { now, until } = this.scope.request;
    const plan = this.ask(job.record, unsettled);
    if (plan === null) {
      const { lane, at } = jobPlace(job)!;
      if (at > now) this.scope.comes(at);
      this.scope.park(nameOf(item), lane, at);
      return;
    }
    const work = this.workOn(item, job);
    work.plan = plan;
    work.unsettled = unsettled;
    for (const run of plan.runs) if (!run.isBuffered && run.dueAt <= until) this.room--;
  }

  private workOn(item: DueItem, job: StoredJob): Work {
    const known = this.byJob?.get(job.record.id);
    if (known !== undefined) return known;
    const work = { item, job, plan: null, unsettled: NO_RUNS, waiting: [] };
    this.work.push(work);
    this.byJob?.set(job.record.id, work);
    return work;
  }

  private ask(job: JobRecord, unsettled: readonly RunRecord[]): JobPlan | null {
    const { now, until } = this.scope.request;
    // A pause ends by the time itself, not by how far one looks ahead.
    if (job.pause !== null && job.pause.until! > now) return null;
    try {
      return this.planRuns(job, unsettled, { now, until });
    } catch {
      return null;
    }
  }

  private isLeftOut(job: JobRecord, run: RunRecord | undefined): boolean {
    const { exceptTasks, exceptExecutors, isPaused } = this.scope.request;
    if (exceptTasks.size > 0 && exceptTasks.has(run?.task ?? job.task)) return true;
    if (exceptExecutors.size > 0 && exceptExecutors.has(job.policy.executor)) return true;
    return run === undefined && isPaused && !job.policy.evenInMaintenanceMode;
  }
}

function nameOf({ kind, key }: DueItem): string {
  return (kind === 'job' ? 'j' : 'r') + key;
}
