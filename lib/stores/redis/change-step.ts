import type { ChangeRequest, ChangeResult, JobRecord, RunRecord } from '../../core/index.js';
import { DEFAULT_POLICY } from '../../core/index.js';
import type { Changes } from './changes.js';
import type { Committer } from './committer.js';
import { JobDraft } from './job-draft.js';
import { lineOf, textOf } from './lines.js';
import { applyPatch } from './patch-step.js';
import type { Rows } from './rows.js';
import { isRunId } from './run-ids.js';
import { isSettledState } from './run-text.js';
import { SkipRecords } from './skip-records.js';
import { KindNames, writeDraft } from './write-draft.js';

type Edit = Extract<ChangeRequest, { decide: unknown }>;
type Cancel = Extract<ChangeRequest, { cancel: string }>;

/** Jobs read at a time. */
const PAGE = 2_000;

/** One try of a change of jobs: everything is decided before anything is written, so that a throw leaves all as it was. */
export class ChangeStep {
  private readonly kinds = new KindNames();
  private generation = 0;

  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
  ) {}

  async run(request: Edit, changes: Changes): Promise<ChangeResult[]> {
    const results: ChangeResult[] = [];
    const skips = new SkipRecords(this.rows, this.committer.ids);
    const drafts = await this.drafts(request.ids);
    const at = this.committer.asOf(request.now(), drafts, changes);
    for (const draft of drafts) {
      const { record: before } = draft;
      const answer = request.decide(before, draft.unsettledRecords(), at);
      if (answer === null || (draft.job!.isDamaged && answer !== 'remove')) continue;
      const records = request.record?.(before, at) ?? [];
      if (answer === 'remove') {
        draft.deleteUnstarted(at);
        draft.job = null;
      } else {
        if (answer.replace) this.generation = await this.committer.newGenerations(1);
        const change = { id: before.id, patch: answer, at, generation: this.generation };
        applyPatch(draft, change, this.kinds);
        for (const skip of records) await skips.write(draft, skip, at);
      }
      writeDraft(changes, draft, { isDefinition: true });
      results.push({ before, after: draft.job?.record ?? null });
    }
    if (results.length > 0) this.committer.wakeOthers(changes);
    return results;
  }

  private async drafts(ids: readonly string[] | null): Promise<JobDraft[]> {
    const wanted = ids === null ? await this.allIds() : [...new Set(ids)];
    const drafts: JobDraft[] = [];
    for (let from = 0; from < wanted.length; from += PAGE) {
      const found = await this.rows.jobs(wanted.slice(from, from + PAGE).map(lineOf), true);
      for (const { job, unsettled } of found) {
        // What cannot be read can only be removed, by its name.
        if (!job.isDamaged || ids !== null) drafts.push(new JobDraft(job, unsettled));
      }
    }
    return drafts;
  }

  private async allIds(): Promise<string[]> {
    const { link } = this.rows;
    const keys = await link.command((client) => client.hkeys(`${link.base}:hot`));
    return keys.map(textOf).sort();
  }
}

/** Ends a run that nobody holds; asks the node that holds it otherwise. */
export async function cancelRun(
  { rows, committer }: { rows: Rows; committer: Committer },
  request: Cancel,
  changes: Changes,
): Promise<ChangeResult[]> {
  const [run] = isRunId(request.cancel) ? await rows.runs([request.cancel]) : [null];
  if (run === null) return [];
  const [found] = await rows.jobs([lineOf(run.jobId)], true);
  const before = found?.job.record ?? formerJob(run);
  const after = found?.job.record ?? null;
  if (isSettledState(run.state)) return [{ before, after, run }];
  const draft = new JobDraft(found?.job ?? null, found?.unsettled.length ? found.unsettled : [run]);
  const ended = draft.askToStop(draft.find(run.id) ?? draft.runs[0], request.at, request.detail);
  writeDraft(changes, draft);
  committer.wakeOthers(changes);
  return [{ before, after, run: ended }];
}

/** What a run still tells of a job that was removed. */
function formerJob({ jobId, task, jobGeneration, createdAt }: RunRecord): JobRecord {
  return {
    ...{ id: jobId, name: null, description: null, tags: [], origin: 'runtime', task, args: [], trigger: '{}' },
    ...{ timezone: 'UTC', policy: DEFAULT_POLICY, hooks: null, triggerFingerprint: '', restFingerprint: '' },
    ...{ generation: jobGeneration, version: 0, status: 'finished', statusReason: null, statusAt: null },
    ...{ pause: null, fireTime: null, dueAt: null, runCount: 0, losses: 0, appVersion: '' },
    ...{ createdAt, updatedAt: createdAt },
  };
}
