import type { Instant, PlannedSkip, RunRecord } from '../../core/index.js';
import { BARE_END, endedRun, JobDraft } from './job-draft.js';
import type { Rows } from './rows.js';
import { ID_WIDTH } from './run-ids.js';
import type { RunIds } from './run-ids.js';

/** Records fire times that made no run. One more of the same, right after the newest record, only makes that one longer. */
export class SkipRecords {
  constructor(
    private readonly rows: Rows,
    private readonly ids: RunIds,
  ) {}

  async write(draft: JobDraft, skip: PlannedSkip, at: Instant): Promise<RunRecord> {
    const newest = await this.newestOf(draft);
    if (newest !== null && isMoreOfTheSame(newest.record, draft, skip)) {
      const { fireTime, count, countIsExact } = skip;
      const longer: RunRecord = {
        ...newest.record,
        fireTime,
        dueAt: fireTime,
        count: newest.record.count + count,
        countIsExact: newest.record.countIsExact && countIsExact,
        settledAt: at,
      };
      if (newest.change === undefined) draft.runs.push({ before: newest.record, after: longer });
      else newest.change.after = longer;
      return longer;
    }
    const start = { ...skip, kind: 'scheduled', dueAt: skip.fireTime, id: this.ids.next(), at } as const;
    const why = { reason: skip.reason, detail: skip.detail };
    const { keepHistory } = draft.record.policy;
    const record = endedRun(JobDraft.runOf(draft.record, start), {
      ...BARE_END,
      ...why,
      outcome: 'skipped',
      at,
      keepHistory,
    });
    if (keepHistory) draft.add(record);
    return record;
  }

  private async newestOf(draft: JobDraft) {
    const { recent } = draft.job!;
    if (recent === '') return null;
    const id = recent.slice(-ID_WIDTH);
    const change = draft.runs.find(({ after }) => after?.id === id);
    if (change !== undefined) return { record: change.after!, change };
    const [record] = await this.rows.runs([id]);
    return record === null ? null : { record, change: undefined };
  }
}

function isMoreOfTheSame(newest: RunRecord, draft: JobDraft, skip: PlannedSkip): boolean {
  const { lastFireTime, record } = draft.job!;
  return (
    newest.state === 'skipped' &&
    newest.kind === 'scheduled' &&
    newest.reason === skip.reason &&
    newest.detail === skip.detail &&
    newest.jobGeneration === record.generation &&
    newest.fireTime < skip.firstFireTime &&
    // A run in between would seem to be covered by the range.
    (lastFireTime === null || lastFireTime <= newest.fireTime)
  );
}
