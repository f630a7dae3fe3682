/** What a process of the cluster is told when it starts; plain JSON. */
export interface NodeSettings {
  /** Append-only file, apart from the store. */
  readonly evidence: string;
  /** As under `stores` of `forRoot`. */
  readonly store: Readonly<Record<string, unknown>>;
  /** `client`: adds and reads jobs, runs none. */
  readonly role: 'all' | 'client';
  /** Jobs of the code: every node defines the same ones. */
  readonly recurring: readonly RecurringJob[];
}

export interface RecurringJob {
  readonly id: string;
  readonly everyMs: number;
  /** First and last instant of the grid, epoch ms. */
  readonly start: number;
  readonly end: number;
  /** How long its handler works; 0: it ends within a few milliseconds. */
  readonly workMs: number;
  /** Options of the job. */
  readonly policy: Readonly<Record<string, unknown>>;
}

export interface OneOffJob {
  readonly id: string;
  readonly at: number;
}

/** A message to a process; it answers with the same number. */
export interface Command {
  readonly id: number;
  readonly name: 'addOneOffs' | 'addRecurring' | 'changeAll' | 'openRuns' | 'liveRuns' | 'results';
  readonly jobs?: readonly unknown[];
}

/** A run as the checks want it. */
export interface RunFacts {
  readonly id: string;
  readonly jobId: string;
  readonly state: string;
  readonly kind: string;
  readonly reason: string | null;
  readonly firstFireTime: number;
  readonly fireTime: number;
  readonly count: number;
  readonly attempt: number;
  readonly token: number;
  readonly leaseUntil: number | null;
  readonly settledAt: number | null;
}

export interface JobFacts {
  readonly id: string;
  readonly status: string;
  readonly createdAt: number;
  readonly maxInstances: number;
  readonly losses: number;
  readonly pausedBy: string | null;
}

export interface Results {
  readonly jobs: readonly JobFacts[];
  readonly runs: readonly RunFacts[];
}
