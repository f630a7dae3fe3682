import type { JobRecord, RunRecord } from '../../core/index.js';
import { DEFAULT_POLICY } from '../../core/index.js';
import { decodeKind, decodeLosses, decodeOwn, HOT, jobOf } from './job-text.js';
import type { JobKind, OwnPart, StoredJob } from './job-text.js';
import { LINE_END, textOf } from './lines.js';
import { pack } from './pack.js';
import type { Packable } from './pack.js';
import { RecentMap } from './recent-map.js';
import type { RedisLink } from './redis-link.js';
import { idsOf } from './run-ids.js';
import { decodeRun, isSettledState } from './run-text.js';

export type Text = string | null;

/** Rows of jobs as a script answers them. */
export interface JobRows {
  readonly keys: readonly string[];
  readonly hots: readonly Text[];
  readonly owns: readonly Text[];
  readonly losses: readonly Text[];
}

/** Ids in order, as they were at a revision of the list. */
export interface IdList {
  readonly revision: string;
  readonly ids: readonly string[];
}

/** Filters that found nothing when the last commit had this name. */
export interface NoJobs {
  readonly changed: string;
  readonly filters: Set<string>;
}

/** A job with its unsettled runs. */
export interface JobWithRuns {
  readonly job: StoredJob;
  readonly unsettled: readonly RunRecord[];
}

/** Kinds are few; a program that makes up new ones with each job must not fill the memory. */
const MOST_KINDS = 10_000;
const KEPT_DEFINITIONS = 20_000;
const NO_RUNS: readonly RunRecord[] = [];

interface KnownDefinition {
  readonly text: string;
  readonly own: OwnPart;
}

/** Reads rows. What never changes under its name is remembered. */
export class Rows {
  private readonly kinds = new Map<string, JobKind>();
  private readonly definitions = new RecentMap<string, KnownDefinition>(KEPT_DEFINITIONS);
  /** Kept while somebody reads it page by page. */
  idList: IdList | null = null;
  /** Questions that no job answered, as of a commit. */
  none: NoJobs | null = null;

  constructor(readonly link: RedisLink) {}

  pack(value: Packable): Buffer {
    return pack(value);
  }

  /** Those that are there. */
  async jobs(ids: readonly string[], withRuns: boolean): Promise<JobWithRuns[]> {
    if (ids.length === 0) return [];
    const [hots, owns, losses] = (await this.link.run('readJobs', this.pack(ids))) as Text[][];
    const jobs = await this.decodeJobs({ keys: ids, hots, owns, losses });
    const open = withRuns ? jobs.map((job) => job.open).join('') : '';
    const runs = open === '' ? null : byJob(await this.unsettled(idsOf(open)));
    return jobs.map((job) => ({ job, unsettled: runs?.get(job.record.id) ?? NO_RUNS }));
  }

  /** Of these runs those that have not ended, in order. */
  async unsettled(ids: readonly string[]): Promise<RunRecord[]> {
    const runs = await this.runs(ids);
    return runs.filter((run): run is RunRecord => run !== null && !isSettledState(run.state));
  }

  async runs(ids: readonly string[]): Promise<(RunRecord | null)[]> {
    if (ids.length === 0) return [];
    const [texts, leases] = (await this.link.run('readRuns', this.pack(ids))) as Text[][];
    return ids.map((id, index) => runOf(id, texts[index], leases[index] ?? null));
  }

  /** Rows without text are left out; what cannot be read stands in as a damaged job (P23). */
  async decodeJobs(rows: JobRows): Promise<StoredJob[]> {
    const hots = rows.hots.map((hot) => (hot === null ? null : hot.split(LINE_END)));
    await this.learnKinds(hots);
    const jobs: StoredJob[] = [];
    for (let index = 0; index < rows.keys.length; index++) {
      const hot = hots[index];
      if (hot !== null) jobs.push(this.decodeJob(rows, index, hot));
    }
    return jobs;
  }

  private decodeJob(rows: JobRows, index: number, hot: readonly string[]): StoredJob {
    const key = rows.keys[index];
    const id = textOf(key);
    try {
      const kind = this.kinds.get(hot[HOT.kind]);
      const text = rows.owns[index];
      if (kind === undefined || text === null) return damaged(id, hot);
      const losses = decodeLosses(rows.losses[index] ?? null, Number(hot[HOT.generation]));
      return jobOf({ id, hot, own: this.ownOf(key, text, hot), kind, losses });
    } catch {
      return damaged(id, hot);
    }
  }

  /** A job that never ran may be one of very many that run once. */
  private ownOf(key: string, text: string, hot: readonly string[]): OwnPart {
    if (hot[HOT.runCount] === '0') return decodeOwn(text);
    const known = this.definitions.get(key);
    if (known !== undefined && known.text === text) return known.own;
    const own = decodeOwn(text);
    this.definitions.set(key, { text, own });
    return own;
  }

  private async learnKinds(hots: readonly (readonly string[] | null)[]): Promise<void> {
    let unknown: Set<string> | null = null;
    for (const hot of hots) {
      if (hot !== null && !this.kinds.has(hot[HOT.kind])) (unknown ??= new Set<string>()).add(hot[HOT.kind]);
    }
    if (unknown === null) return;
    const names = [...unknown];
    const texts = await this.link.command((client) => client.hmget(`${this.link.base}:kind`, ...names));
    if (this.kinds.size > MOST_KINDS) this.kinds.clear();
    names.forEach((name, index) => this.learnKind(name, texts[index]));
  }

  private learnKind(name: string, text: Text): void {
    if (text === null) return;
    try {
      this.kinds.set(name, decodeKind(text));
    } catch {
      // Its jobs stand in as damaged ones.
    }
  }
}

export function decodeRuns(ids: readonly string[], texts: readonly Text[], leases: readonly Text[]): RunRecord[] {
  const runs: RunRecord[] = [];
  for (let index = 0; index < ids.length; index++) {
    const run = runOf(ids[index], texts[index], leases[index] ?? null);
    if (run !== null) runs.push(run);
  }
  return runs;
}

export function byJob(runs: readonly RunRecord[]): Map<string, RunRecord[]> {
  const found = new Map<string, RunRecord[]>();
  for (const run of runs) {
    const list = found.get(run.jobId);
    if (list === undefined) found.set(run.jobId, [run]);
    else list.push(run);
  }
  return found;
}

function runOf(id: string, text: Text, lease: Text): RunRecord | null {
  if (text === null) return null;
  try {
    return decodeRun(id, text, lease === null ? null : Number(lease));
  } catch {
    return null;
  }
}

/** Shown, kept, and never claimed. */
function damaged(id: string, hot: readonly string[]): StoredJob {
  const record: JobRecord = {
    ...{ id, name: null, description: null, tags: [], origin: 'runtime', task: '', args: [], trigger: '{}' },
    ...{ timezone: 'UTC', policy: DEFAULT_POLICY, hooks: null, triggerFingerprint: '', restFingerprint: '' },
    ...{ generation: Number(hot[HOT.generation]) || 0, version: Number(hot[HOT.version]) || 0 },
    ...{ status: 'unresolved', statusReason: 'its row cannot be read', statusAt: null, pause: null },
    ...{ fireTime: null, dueAt: null, runCount: 0, losses: 0, appVersion: '', createdAt: 0, updatedAt: 0 },
  };
  return { record, lastFireTime: null, recent: '', open: '', kind: '', isDamaged: true };
}
