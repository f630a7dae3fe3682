import type { JobPatch, JobRecord, NewJob, PutOptions, PutResult } from '../../core/index.js';
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
import { KindNames, writeDraft } from './write-draft.js';

/** One try of a put: reads what is there, asks `reconcile`, and works out what is to be written. */
export class PutStep {
  /** Jobs by the id they will have after the items so far; null: renamed away. */
  private readonly ahead = new Map<string, JobDraft | null>();
  private readonly kinds = new KindNames();
  private generation = 0;

  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
    private readonly options: PutOptions,
  ) {}

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
    const results: PutResult[] = [];
    for (const job of jobs) results.push(await this.put(job));
    this.write(changes);
    return results;
  }

  private async put(job: NewJob): Promise<PutResult> {
    const draft = this.find(job);
    if (draft === null) return this.add(job);
    const { record: before } = draft;
    const answer = this.options.reconcile(before, job);
    if (answer === 'refuse') return { kind: 'refused', job: before, before };
    if (answer === null && before.id === job.id) return { kind: 'unchanged', job: before, before };
    if (before.id !== job.id) await this.takeHistoryAlong(draft, before.id, job.id);
    this.patch(draft, job.id, answer ?? {});
    return { kind: 'changed', job: draft.record, before };
  }

  private add(job: NewJob): PutResult {
    const draft = new JobDraft(null, []);
    const record = recordOf(job, this.generation++);
    const stored: StoredJob = { record, lastFireTime: null, recent: '', open: '', kind: this.kinds.of(record) };
    draft.job = stored;
    this.ahead.set(job.id, draft);
    return { kind: 'added', job: record, before: null };
  }

  private patch(draft: JobDraft, id: string, patch: JobPatch): void {
    applyPatch(draft, { id, patch, at: this.options.at, generation: this.generation }, this.kinds);
    if (patch.replace) this.generation++;
  }

  private find({ id, aliases }: NewJob): JobDraft | null {
    for (const wanted of [id, ...aliases]) {
      const draft = this.ahead.get(wanted);
      if (draft) return draft;
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
    for (const draft of new Set(this.ahead.values())) {
      if (draft === null || draft.job === draft.before) continue;
      writeDraft(changes, draft, { isDefinition: true });
      if (draft.before !== null && draft.before.record.id !== draft.record.id) moveList(changes, draft);
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
