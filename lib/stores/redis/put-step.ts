import type { Instant, JobPatch, JobRecord, NewJob, PutOptions, PutResult } from '../../core/index.js';
import type { Changes } from './changes.js';
import type { Committer } from './committer.js';
import { JobDraft } from './job-draft.js';
import type { StoredJob } from './job-text.js';
import { lineOf } from './lines.js';
import { readRuns, runIdsOf } from './past.js';
import { applyPatch } from './patch-step.js';
import type { Rows } from './rows.js';
import { idsOf, ID_WIDTH } from './run-ids.js';
import { isSettledState } from './run-text.js';
import { KindNames, writeDraft, writeNew } from './write-draft.js';

/** One try of a put: reads what is there, asks `reconcile`, and works out what is to be written. */
export class PutStep {
  /** Jobs by the id they will have after the items so far; null: renamed away. */
  private readonly ahead = new Map<string, JobDraft | null>();
  /** In the order of the items: one may get the id that another one before it had. */
  private readonly changed = new Set<JobDraft>();
  private readonly kinds = new KindNames();
  private generation = 0;
  private now: Instant = 0;

  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
    private readonly options: PutOptions,
  ) {}

  /** Of jobs that are believed to be new: what is there is not read, and the commit fails where that was wrong. */
  async addAll(jobs: readonly NewJob[], changes: Changes): Promise<PutResult[]> {
    this.generation = await this.committer.newGenerations(jobs.length);
    const ids = new Set<string>();
    for (const { id } of jobs) ids.add(id);
    // What comes twice is the same job.
    return ids.size < jobs.length ? await this.putAll(jobs, changes) : this.addEach(jobs, changes);
  }

  private addEach(jobs: readonly NewJob[], changes: Changes): PutResult[] {
    const results: PutResult[] = [];
    for (const job of jobs) {
      const stored = this.newJob(job);
      writeNew(changes, stored);
      results.push({ kind: 'added', job: stored.record, before: null });
    }
    this.committer.wakeOthers(changes);
    return results;
  }

  async run(jobs: readonly NewJob[], changes: Changes): Promise<PutResult[]> {
    const ids = new Set<string>();
    for (const { id, aliases } of jobs) {
      ids.add(lineOf(id));
      for (const alias of aliases) ids.add(lineOf(alias));
    }
    // Both are asked at once; numbers that are not needed are left out.
    const [existing, first] = await Promise.all([
      this.rows.jobs([...ids], true),
      this.committer.newGenerations(jobs.length),
    ]);
    this.generation = first;
    for (const { job, unsettled } of existing) this.ahead.set(job.record.id, new JobDraft(job, unsettled));
    return await this.putAll(jobs, changes);
  }

  private async putAll(jobs: readonly NewJob[], changes: Changes): Promise<PutResult[]> {
    const found = [...this.ahead.values()].filter((draft) => draft !== null);
    this.now = this.committer.asOf(this.options.now(), found, changes);
    const results: PutResult[] = [];
    for (const job of jobs) {
      const draft = this.find(job);
      results.push(draft === null ? this.add(job) : await this.put(job, draft));
    }
    this.write(changes);
    return results;
  }

  private async put(job: NewJob, draft: JobDraft): Promise<PutResult> {
    const { record: before } = draft;
    const answer = this.options.reconcile(before, job, this.now);
    if (answer === 'refuse') return { kind: 'refused', job: before, before };
    if (answer === null && before.id === job.id) return { kind: 'unchanged', job: before, before };
    if (before.id !== job.id) await this.takeHistoryAlong(draft, before.id, job.id);
    this.patch(draft, job.id, answer ?? {});
    this.changed.add(draft);
    return { kind: 'changed', job: draft.record, before };
  }

  private add(job: NewJob): PutResult {
    const draft = new JobDraft(null, []);
    draft.job = this.newJob(job);
    this.ahead.set(job.id, draft);
    this.changed.add(draft);
    return { kind: 'added', job: draft.record, before: null };
  }

  private newJob(job: NewJob): StoredJob {
    const record = recordOf(job, this.generation++);
    return { record, lastFireTime: null, recent: '', open: '', kind: this.kinds.of(record) };
  }

  private patch(draft: JobDraft, id: string, patch: JobPatch): void {
    applyPatch(draft, { id, patch, at: this.now, generation: this.generation }, this.kinds);
    if (patch.replace) this.generation++;
  }

  private find({ id, aliases }: NewJob): JobDraft | null {
    const draft = this.ahead.get(id);
    if (draft) return draft;
    for (const alias of aliases) {
      const former = this.ahead.get(alias);
      if (former) return former;
    }
    return null;
  }

  /** Settled runs name their job, so they are rewritten with it. */
  private async takeHistoryAlong(draft: JobDraft, from: string, to: string): Promise<void> {
    this.ahead.set(from, null);
    this.ahead.set(to, draft);
    if (draft.before === null) return;
    const ids = await runIdsOf(this.rows, draft.before);
    for (const run of await readRuns(this.rows, ids)) {
      if (isSettledState(run.state)) draft.runs.push({ before: run, after: run });
    }
  }

  private write(changes: Changes): void {
    const left = new Set<string>();
    for (const draft of this.changed) {
      const { before, job } = draft;
      if (before === null && draft.runs.length === 0 && !left.has(job!.record.id)) {
        writeNew(changes, job!);
        continue;
      }
      writeDraft(changes, draft, { isDefinition: true, left });
      if (before === null || before.record.id === draft.record.id) continue;
      moveList(changes, draft);
      left.add(before.record.id);
    }
    if (!changes.isEmpty) this.committer.wakeOthers(changes);
  }
}

/** The list of older runs goes along, behind what a former job of that id may have left. */
function moveList(changes: Changes, draft: JobDraft): void {
  const [from, to] = [lineOf(draft.before!.record.id), lineOf(draft.record.id)];
  const named = new Set(idsOf(draft.job!.recent));
  const older = draft.runs.map(({ after }) => after?.id).filter((id) => id !== undefined && !named.has(id));
  const chunk = 100 * ID_WIDTH;
  for (let at = 0; at < older.length; at += chunk) {
    changes.command('RPUSH', `:past:${to}`, ...(older.slice(at, at + chunk) as string[]));
  }
  changes.command('UNLINK', `:past:${from}`);
}

/** One literal for every job: all records share one shape. */
function recordOf(job: NewJob, generation: number): JobRecord {
  return {
    id: job.id,
    name: job.name,
    description: job.description,
    tags: job.tags,
    origin: job.origin,
    task: job.task,
    args: job.args,
    trigger: job.trigger,
    timezone: job.timezone,
    policy: job.policy,
    hooks: job.hooks,
    triggerFingerprint: job.triggerFingerprint,
    restFingerprint: job.restFingerprint,
    generation,
    version: 1,
    status: job.status,
    statusReason: job.statusReason,
    statusAt: job.statusAt,
    pause: job.pause,
    fireTime: job.fireTime,
    dueAt: job.dueAt,
    runCount: job.runCount,
    losses: job.losses,
    appVersion: job.appVersion,
    createdAt: job.createdAt,
    updatedAt: job.updatedAt,
  };
}
