import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type {
  Claim,
  ClaimRequest,
  ClaimResult,
  JobPlan,
  JobRecord,
  NewJob,
  Settlement,
  Store,
} from '../../../lib/core/index.js';

export const NOW = Date.UTC(2026, 2, 1);
export const LEASE = 10_000;

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
    trigger: '{"type":"date"}',
    timezone: 'UTC',
    policy: DEFAULT_POLICY,
    hooks: null,
    triggerFingerprint: 't',
    restFingerprint: 'r',
    status: 'active',
    statusReason: null,
    statusAt: null,
    pause: null,
    fireTime: NOW,
    dueAt: fields.fireTime === undefined ? NOW : fields.fireTime,
    runCount: 0,
    losses: 0,
    appVersion: '1.0.0',
    createdAt: NOW,
    updatedAt: NOW,
    ...fields,
  };
}

/** With ids that sort as they were made. */
export function newJobs(count: number, fields: Partial<NewJob> | ((index: number) => Partial<NewJob>) = {}): NewJob[] {
  const fieldsOf = typeof fields === 'function' ? fields : () => fields;
  return Array.from({ length: count }, (_, index) => newJob(`job-${String(index).padStart(4, '0')}`, fieldsOf(index)));
}

/** One run for the job's fire time, and nothing after it. */
export function planOnce(job: JobRecord, fields: Partial<JobPlan> = {}): JobPlan {
  return {
    runs: [
      {
        kind: 'scheduled',
        fireTime: job.fireTime!,
        firstFireTime: job.fireTime!,
        count: 1,
        countIsExact: true,
        dueAt: job.dueAt!,
        isBuffered: false,
      },
    ],
    skips: [],
    cancel: [],
    drop: [],
    promote: [],
    fireTime: null,
    dueAt: null,
    runCount: job.runCount + 1,
    finished: 'ended',
    ...fields,
  };
}

/** The same, each minute. */
export function planMinutes(job: JobRecord): JobPlan {
  const next = job.fireTime! + 60_000;
  return planOnce(job, { fireTime: next, dueAt: next, finished: null });
}

export async function put(store: Store, jobs: readonly NewJob[]): Promise<JobRecord[]> {
  const results = await store.jobs.put(jobs, { now: () => NOW, reconcile: () => null });
  return results.map((result) => result.job);
}

export async function claim(store: Store, fields: Partial<ClaimRequest> = {}, plan = planOnce): Promise<ClaimResult> {
  const now = fields.now ?? NOW;
  const request = { node: 'n1', now, until: now, limit: 1_000, leaseUntil: now + LEASE, isPaused: false, ...fields };
  const except = { exceptTasks: new Set<string>(), exceptExecutors: new Set<string>() };
  return await store.jobs.claimDue({ ...except, recoverBefore: null, ...request }, (job) => plan(job));
}

/** To be tried again half a second from `NOW` on. */
export function retried({ runId, jobId, token }: Claim): Settlement {
  const attempt = { attempt: 1, startedAt: NOW, error: null };
  return { kind: 'retry', runId, jobId, token, at: NOW, dueAt: NOW + 500, ...attempt };
}

export function succeeded(claim: Claim, at = NOW): Settlement {
  const { runId, jobId, token, run } = claim;
  const nothing = { reason: null, detail: null, error: null, result: null, output: null, afterwards: null };
  const outcome = { kind: 'outcome', outcome: 'succeeded', keepHistory: true } as const;
  return { ...nothing, ...outcome, runId, jobId, token, at, attempt: run.attempt, startedAt: at };
}
