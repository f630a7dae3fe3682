import type { EnterRequest, EnterResult, NewRun, RunRecord } from '../../core/index.js';
import type { Changes } from './changes.js';
import type { Committer } from './committer.js';
import { BARE_END, endedRun, JobDraft } from './job-draft.js';
import { lineOf } from './lines.js';
import { runFor, settledRunsOf } from './past.js';
import type { Rows } from './rows.js';
import { writeDraft } from './write-draft.js';

const STOPPED = 'replaced by a newer run';

/** One try of entering runs that were asked for: each is judged with those before it. */
export class EnterStep {
  private readonly drafts = new Map<string, JobDraft>();
  private readonly history = new Map<string, readonly RunRecord[]>();

  constructor(
    private readonly rows: Rows,
    private readonly committer: Committer,
    private readonly request: EnterRequest,
  ) {}

  async run(changes: Changes): Promise<EnterResult[]> {
    const { runs } = this.request;
    const ids = [...new Set(runs.map((run) => lineOf(run.jobId)))];
    for (const { job, unsettled } of await this.rows.jobs(ids, true)) {
      if (!job.isDamaged) this.drafts.set(job.record.id, new JobDraft(job, unsettled));
    }
    const results: (() => EnterResult)[] = [];
    for (const run of runs) results.push(await this.enter(run));
    for (const draft of this.drafts.values()) {
      // The version tells plans that are being made that there is one run more.
      if (draft.job !== draft.before) draft.set({ version: draft.record.version + 1 });
      if (draft.job !== draft.before || draft.runs.some(({ before, after }) => before !== after))
        writeDraft(changes, draft);
    }
    if (!changes.isEmpty) this.committer.wakeOthers(changes);
    return results.map((result) => result());
  }

  private async enter(asked: NewRun): Promise<() => EnterResult> {
    const draft = this.drafts.get(asked.jobId);
    if (draft === undefined) return () => ({ kind: 'noJob', run: null });
    const existing = asked.kind === 'manual' ? null : await this.existing(draft, asked.fireTime);
    if (existing !== null) return () => ({ kind: 'exists', run: existing });
    const { at } = this.request;
    const admission = this.request.admit(draft.record, draft.unsettledRecords(), asked);
    const record = this.recordOf(draft, asked);
    if (admission.as === 'skipped') {
      const { reason, detail } = admission;
      const { keepHistory } = draft.record.policy;
      const run = endedRun(record, { ...BARE_END, outcome: 'skipped', at, reason, detail, keepHistory });
      if (keepHistory) draft.add(run);
      return () => ({ kind: 'skipped', run });
    }
    for (const id of admission.as === 'buffered' ? (admission.drop ?? []) : []) {
      const dropped = draft.find(id);
      if (dropped?.after?.state === 'buffered') draft.drop(dropped, at);
    }
    for (const id of admission.cancel ?? []) {
      const open = draft.find(id);
      if (open !== undefined) draft.askToStop(open, at, STOPPED);
    }
    const change = draft.add(admission.as === 'buffered' ? { ...record, state: 'buffered' } : record);
    if (admission.as === 'buffered') draft.promote(at);
    return () => ({ kind: 'entered', run: change.after! });
  }

  private recordOf(draft: JobDraft, { kind, fireTime, dueAt, forced, args }: NewRun): RunRecord {
    const range = { fireTime, firstFireTime: fireTime, count: 1, countIsExact: true, dueAt };
    const own = args === null ? null : (JSON.parse(JSON.stringify(args)) as RunRecord['args']);
    const { at } = this.request;
    return JobDraft.runOf(draft.record, { ...range, kind, id: this.committer.ids.next(), at, forced, args: own });
  }

  private async existing(draft: JobDraft, fireTime: number): Promise<RunRecord | null> {
    const job = draft.job!;
    const open = runFor(job, draft.unsettledRecords(), fireTime);
    if (open !== null || job.lastFireTime === null || fireTime > job.lastFireTime || draft.before === null) return open;
    const { id } = job.record;
    let settled = this.history.get(id);
    if (settled === undefined) this.history.set(id, (settled = await settledRunsOf(this.rows, draft.before)));
    return runFor(job, settled, fireTime);
  }
}
