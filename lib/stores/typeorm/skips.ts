import type { Instant, PlannedSkip, RunRecord } from '../../core/index.js';
import type { RunDraft, StoredJob } from './records.js';

/** A skip record that is new. */
export function skipDraft(job: StoredJob, skip: PlannedSkip, at: Instant): RunDraft {
  return {
    ...skip,
    job,
    kind: 'scheduled',
    dueAt: skip.fireTime,
    state: 'skipped',
    forced: false,
    createdAt: at,
    claim: null,
    args: null,
  };
}

/** Says the newest record of the job the same, of fire times before these? */
export function isMoreOfTheSame(newest: RunRecord, job: StoredJob, skip: PlannedSkip): boolean {
  return (
    newest.state === 'skipped' &&
    newest.kind === 'scheduled' &&
    newest.reason === skip.reason &&
    newest.detail === skip.detail &&
    newest.jobGeneration === job.record.generation &&
    newest.fireTime < skip.firstFireTime
  );
}

/** Such a record, with these fire times in it. */
export function lengthened(newest: RunRecord, skip: PlannedSkip, at: Instant): RunRecord {
  const { fireTime } = skip;
  const count = newest.count + skip.count;
  const countIsExact = newest.countIsExact && skip.countIsExact;
  return { ...newest, fireTime, dueAt: fireTime, count, countIsExact, settledAt: at };
}
