import type {
  Instant,
  JobPatch,
  JobRecord,
  NewJob,
  Outcome,
  PlannedSkip,
  RunKind,
  RunRecord,
} from '../../../lib/core/index.js';
import { withdrawable } from '../withdrawable.js';

export type Draft<T> = { -readonly [K in keyof T]: T[K] };
export type ModelRun = Draft<RunRecord>;

/** What a run that ends is told of. */
export type ModelEnd = Pick<RunRecord, 'reason' | 'detail' | 'error' | 'result' | 'output'> & {
  readonly outcome: Outcome;
  readonly at: Instant;
  readonly keepHistory: boolean;
};

export interface ModelStart {
  readonly kind: RunKind;
  readonly fireTime: Instant;
  readonly firstFireTime: Instant;
  readonly count: number;
  readonly countIsExact: boolean;
  readonly dueAt: Instant;
}

const UNMADE = { error: null, result: null, output: null } as const;

/** The rows of the model: two lists, searched from end to end. Slow and plain on purpose. */
export class ModelTable {
  readonly jobs = new Map<string, JobRecord>();
  /** Unsettled runs, in the order they were made. */
  readonly runs = new Map<string, ModelRun>();
  readonly settled = new Map<string, ModelRun>();
  /** Those of which nothing is kept: nobody sees them, but a job does not go back behind them. */
  private readonly gone: ModelRun[] = [];
  /** Runs whose job is gone: they end, and are never tried again. */
  readonly strays = new Set<string>();
  /** Raised by whatever a plan goes by: the job, and its unsettled runs. */
  private readonly revisions = new Map<string, number>();
  private lastRun = 0;
  private lastGeneration = 0;

  /** All jobs, ordered by id. */
  ordered(): JobRecord[] {
    return [...this.jobs.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  revisionOf(jobId: string): number {
    return this.revisions.get(jobId) ?? 0;
  }

  touch(jobId: string): void {
    this.revisions.set(jobId, this.revisionOf(jobId) + 1);
  }

  write(job: JobRecord): void {
    this.jobs.set(job.id, job);
    this.touch(job.id);
  }

  add({ aliases: _aliases, ...job }: NewJob): JobRecord {
    const own = structuredClone({ args: job.args, tags: job.tags });
    const record = { ...job, ...own, generation: ++this.lastGeneration, version: 1 };
    this.write(record);
    return record;
  }

  /** Open and buffered runs of a job, oldest first. */
  unsettledOf(jobId: string): ModelRun[] {
    return [...this.runs.values()].filter((run) => run.jobId === jobId && !this.strays.has(run.id));
  }

  copiesOf(jobId: string): RunRecord[] {
    return this.unsettledOf(jobId).map((run) => ({ ...run }));
  }

  make(job: JobRecord, start: ModelStart, at: Instant): ModelRun {
    const given = {
      kind: start.kind,
      fireTime: start.fireTime,
      firstFireTime: start.firstFireTime,
      count: start.count,
    };
    return {
      ...{ ...given, countIsExact: start.countIsExact, dueAt: start.dueAt, createdAt: at },
      ...{ id: `run-${String(++this.lastRun).padStart(6, '0')}`, jobId: job.id, jobGeneration: job.generation },
      ...{ task: job.task, state: 'waiting', attempt: 0, token: 0, node: null, leaseUntil: null },
      ...{ cancelRequested: false, forced: false, args: null, startedAt: null, settledAt: null },
      ...{ reason: null, detail: null, error: null, result: null, output: null },
    };
  }

  attach(run: ModelRun): void {
    this.runs.set(run.id, run);
    this.touch(run.jobId);
  }

  forget(run: ModelRun): void {
    this.runs.delete(run.id);
    this.strays.delete(run.id);
    this.touch(run.jobId);
  }

  letGo(run: ModelRun, dueAt: Instant): void {
    Object.assign(run, { state: 'waiting', node: null, leaseUntil: null, dueAt });
    this.touch(run.jobId);
  }

  /** Ends a run for good; the first buffered one takes its place. */
  close(run: ModelRun, end: ModelEnd): RunRecord {
    const wasOpen = run.state !== 'buffered';
    const isStray = this.strays.has(run.id);
    this.forget(run);
    const { outcome, at, reason, detail, error, result, output } = end;
    Object.assign(run, { state: outcome, leaseUntil: null, settledAt: at, reason, detail, error, result, output });
    if (end.keepHistory) this.settled.set(run.id, run);
    else this.gone.push(run);
    if (wasOpen && !isStray) this.promote(run.jobId, at);
    return run;
  }

  skip(job: JobRecord, skip: PlannedSkip, at: Instant): RunRecord {
    const run = this.make(job, { ...skip, kind: 'scheduled', dueAt: skip.fireTime }, at);
    return this.endUnmade(job, run, skip, at);
  }

  endUnmade(job: JobRecord, run: ModelRun, why: Pick<PlannedSkip, 'reason' | 'detail'>, at: Instant): RunRecord {
    const { reason, detail } = why;
    Object.assign(run, { state: 'skipped', settledAt: at, reason, detail });
    if (job.policy.keepHistory) this.settled.set(run.id, run);
    return run;
  }

  drop(run: ModelRun, at: Instant): RunRecord {
    const { keepHistory } = this.jobs.get(run.jobId)!.policy;
    const detail = 'made way for a newer run';
    return this.close(run, { ...UNMADE, outcome: 'skipped', reason: 'overlap', detail, at, keepHistory });
  }

  askToStop(run: ModelRun, at: Instant, detail: string | null): void {
    if (run.node !== null) {
      Object.assign(run, { cancelRequested: true, detail });
      this.touch(run.jobId);
      return;
    }
    const keepHistory = this.jobs.get(run.jobId)?.policy.keepHistory ?? true;
    this.close(run, { ...UNMADE, outcome: 'cancelled', reason: null, detail, at, keepHistory });
  }

  promote(jobId: string, at: Instant): void {
    const job = this.jobs.get(jobId);
    if (job === undefined) return;
    const unsettled = this.unsettledOf(jobId);
    const open = unsettled.filter((run) => run.state !== 'buffered');
    if (open.length >= job.policy.maxInstances) return;
    const first = unsettled.find((run) => run.state === 'buffered');
    if (first === undefined) return;
    const isBehind = open.some(({ kind, createdAt }) => kind === first.kind && createdAt === first.createdAt);
    if (!isBehind || first.kind === 'manual' || first.kind === 'start') this.letGo(first, at);
  }

  /** The run of the job's generation for a fire time; skipped ones are none. */
  runFor(job: JobRecord, fireTime: Instant): RunRecord | null {
    const made = [...this.runs.values(), ...this.settled.values()].find(
      (run) =>
        run.jobId === job.id &&
        run.jobGeneration === job.generation &&
        run.fireTime === fireTime &&
        run.kind !== 'manual' &&
        run.state !== 'skipped',
    );
    return made ?? null;
  }

  remove(job: JobRecord, at: Instant): void {
    this.deleteUnstarted(job.id, at);
    for (const run of this.unsettledOf(job.id)) this.strays.add(run.id);
    this.jobs.delete(job.id);
    this.touch(job.id);
  }

  /** Writes a patch; `id` differs where the row was found under an alias. */
  patch(job: JobRecord, patch: JobPatch, at: Instant, id = job.id): JobRecord {
    const { replace, withdraw, ...fields } = patch;
    let restored: Partial<JobRecord> = {};
    if (replace === true) this.deleteUnstarted(job.id, at);
    else if (withdraw === true) restored = this.withdraw(job, at);
    const set = Object.fromEntries(
      Object.entries(fields).filter(([name, value]) => value !== undefined && name in job),
    ) as Partial<JobRecord>;
    const generation = replace === true ? ++this.lastGeneration : job.generation;
    const after = { ...job, updatedAt: at, ...restored, ...set, id, generation, version: job.version + 1 };
    if (id !== job.id) this.rename(job.id, id);
    this.write(after);
    this.promote(id, at);
    return after;
  }

  private rename(from: string, to: string): void {
    this.jobs.delete(from);
    this.touch(from);
    const all = [...this.runs.values(), ...this.settled.values(), ...this.gone];
    for (const run of all) if (run.jobId === from) run.jobId = to;
  }

  private deleteUnstarted(jobId: string, at: Instant): void {
    for (const run of this.unsettledOf(jobId)) if (run.node === null || run.dueAt > at) this.forget(run);
  }

  private withdraw(job: JobRecord, at: Instant): Partial<JobRecord> {
    const open = this.unsettledOf(job.id).filter((run) => run.jobGeneration === job.generation);
    const tried = open.filter((run) => run.node !== null && (run.kind !== 'scheduled' || run.attempt > 1));
    for (const run of tried.filter(({ dueAt }) => dueAt > at)) {
      run.token++;
      run.attempt--;
      this.letGo(run, run.dueAt);
    }
    const all = [...this.runs.values(), ...this.settled.values(), ...this.gone].filter((run) => run.jobId === job.id);
    const untried = withdrawable(job, all, at).sort((one, other) => one.firstFireTime - other.firstFireTime);
    if (untried.length === 0) return {};
    for (const run of untried) this.forget(run);
    const [{ firstFireTime: fireTime, dueAt }] = untried;
    const revived =
      job.status === 'finished' ? ({ status: 'active', statusReason: null, statusAt: null } as const) : {};
    return { fireTime, dueAt, runCount: job.runCount - untried.length, ...revived };
  }
}
