import { DEFAULT_POLICY } from '../../core/index.js';
import type {
  ChangeResult,
  Claim,
  ClaimKey,
  ClaimRequest,
  ClaimResult,
  EnterRequest,
  EnterResult,
  Instant,
  JobPatch,
  JobPlan,
  JobPolicy,
  JobRecord,
  NewJob,
  NewRun,
  PlannedRun,
  PlannedSkip,
  PlanRuns,
  PutOptions,
  PutResult,
  RunFilter,
  RunRecord,
  Settlement,
  Store,
} from '../../core/index.js';

/** When every case begins. */
export const T0: Instant = Date.UTC(2026, 2, 1);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const LEASE = 10_000;

export const NO_NAMES: ReadonlySet<string> = new Set();

/** A job that is due at T0 and, by `planMinutes`, each minute from there on. */
export function newJob(id: string, fields: Partial<NewJob> = {}): NewJob {
  return {
    id,
    aliases: [],
    name: null,
    description: null,
    tags: [],
    origin: 'runtime',
    task: 'Reports.send',
    args: [],
    trigger: '{"type":"interval","every":60000}',
    timezone: 'UTC',
    policy: DEFAULT_POLICY,
    hooks: null,
    triggerFingerprint: 't1',
    restFingerprint: 'r1',
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    fireTime: T0,
    dueAt: fields.fireTime === undefined ? T0 : fields.fireTime,
    runCount: 0,
    losses: 0,
    appVersion: '1.0.0',
    createdAt: T0,
    updatedAt: T0,
    ...fields,
  };
}

export function policyWith(fields: Partial<JobPolicy>): JobPolicy {
  return { ...DEFAULT_POLICY, ...fields };
}

export function plannedRun(fireTime: Instant, fields: Partial<PlannedRun> = {}): PlannedRun {
  return {
    kind: 'scheduled',
    fireTime,
    firstFireTime: fireTime,
    count: 1,
    countIsExact: true,
    dueAt: fireTime,
    isBuffered: false,
    ...fields,
  };
}

export function plannedSkip(fireTime: Instant, fields: Partial<PlannedSkip> = {}): PlannedSkip {
  return {
    reason: 'misfire',
    detail: null,
    fireTime,
    firstFireTime: fireTime,
    count: 1,
    countIsExact: true,
    ...fields,
  };
}

/** One run for the job's fire time; the next fire time a minute later. */
export function planOf(job: JobRecord, fields: Partial<JobPlan> = {}): JobPlan {
  const fireTime = job.fireTime!;
  const runs = fields.runs ?? [plannedRun(fireTime, { dueAt: job.dueAt! })];
  return {
    skips: [],
    cancel: [],
    drop: [],
    promote: [],
    fireTime: fireTime + MINUTE,
    dueAt: fireTime + MINUTE,
    runCount: job.runCount + runs.length,
    finished: null,
    ...fields,
    runs,
  };
}

export const planMinutes: PlanRuns = (job) => planOf(job);
export const planNothing: PlanRuns = () => null;

export function newRun(jobId: string, fields: Partial<NewRun> = {}): NewRun {
  return { jobId, kind: 'manual', fireTime: T0, dueAt: T0, forced: false, args: null, ...fields };
}

export function outcomeOf(claim: ClaimKey, fields: Partial<Settlement & { kind: 'outcome' }> = {}): Settlement {
  return {
    kind: 'outcome',
    runId: claim.runId,
    jobId: claim.jobId,
    token: claim.token,
    at: T0 + 500,
    attempt: 1,
    startedAt: T0 + 5,
    outcome: 'succeeded',
    reason: null,
    detail: null,
    error: null,
    result: null,
    output: null,
    keepHistory: true,
    afterwards: null,
    ...fields,
  };
}

export function retryOf(claim: ClaimKey, dueAt: Instant, attempt = 1): Settlement {
  const error = { name: 'Error', message: 'no luck', stack: null, code: null };
  const { runId, jobId, token } = claim;
  return { kind: 'retry', runId, jobId, token, at: T0 + 500, attempt, startedAt: T0 + 5, dueAt, error };
}

export function releaseOf(claim: ClaimKey, dueAt: Instant, attempt = 0): Settlement {
  const { runId, jobId, token } = claim;
  return { kind: 'release', runId, jobId, token, at: T0 + 500, attempt, startedAt: null, dueAt };
}

const LEAVE_AS_IT_IS: PutOptions = { now: () => T0, reconcile: () => null };

/** A store with short words for what the cases do. Every word awaits, so that it fits both kinds of store. */
export class StoreWorld {
  constructor(readonly store: Store) {}

  async put(jobs: readonly NewJob[], options: Partial<PutOptions> = {}): Promise<PutResult[]> {
    return await this.store.jobs.put(jobs, { ...LEAVE_AS_IT_IS, ...options });
  }

  async add(id: string, fields: Partial<NewJob> = {}): Promise<JobRecord> {
    const [result] = await this.put([newJob(id, fields)]);
    return result.job;
  }

  async job(id: string): Promise<JobRecord | undefined> {
    const [job] = await this.store.jobs.list({ ids: [id] });
    return job;
  }

  async change(id: string, patch: JobPatch | 'remove', at = T0): Promise<ChangeResult[]> {
    return await this.store.jobs.change({ ids: [id], now: () => at, decide: () => patch });
  }

  async cancel(runId: string, at = T0): Promise<ChangeResult[]> {
    return await this.store.jobs.change({ cancel: runId, at, detail: 'asked to' });
  }

  async enter(run: NewRun, admit: EnterRequest['admit'] = () => ({ as: 'open' })): Promise<EnterResult> {
    const [result] = await this.store.jobs.enter({ runs: [run], at: T0, admit });
    return result;
  }

  async claim(fields: Partial<ClaimRequest> = {}, plan: PlanRuns = planMinutes): Promise<ClaimResult> {
    const now = fields.now ?? T0;
    const request: ClaimRequest = {
      node: 'node-a',
      now,
      until: now,
      limit: 100,
      leaseUntil: now + LEASE,
      exceptTasks: NO_NAMES,
      exceptExecutors: NO_NAMES,
      isPaused: false,
      recoverBefore: null,
      ...fields,
    };
    return await this.store.jobs.claimDue(request, plan);
  }

  /** The only claim there is to make. */
  async claimOne(fields: Partial<ClaimRequest> = {}, plan: PlanRuns = planMinutes): Promise<Claim> {
    const { claims } = await this.claim(fields, plan);
    if (claims.length !== 1) throw new Error(`expected one claim, got ${claims.length}`);
    return claims[0];
  }

  /** Adds a job that is due and claims its run. */
  async addClaimed(id: string, fields: Partial<NewJob> = {}): Promise<Claim> {
    await this.add(id, fields);
    return await this.claimOne();
  }

  async settle(...settlements: readonly Settlement[]): Promise<boolean[]> {
    return await this.store.jobs.settle(settlements);
  }

  async run(runId: string): Promise<RunRecord | null> {
    return await this.store.history.find(runId);
  }

  /** Newest first. */
  async runsOf(jobId: string, filter: Partial<RunFilter> = {}): Promise<readonly RunRecord[]> {
    const page = await this.store.history.page({ jobId, limit: 1_000, ...filter });
    return page.runs;
  }
}
