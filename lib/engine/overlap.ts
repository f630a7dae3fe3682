import { BUFFER_LIMIT } from '../core/index.js';
import type { Admission, Instant, JobPolicy, RunRecord } from '../core/index.js';

/** What stands in the way of one more run of a job. */
export interface Standing {
  /** Open runs, those past their overlap expiry left out. */
  readonly blocking: number;
  readonly oldest: RunRecord | null;
  /** Every open run counts here. */
  readonly open: number;
  /** Ids, oldest first. */
  readonly buffered: readonly string[];
}

const CLEAR: Standing = { blocking: 0, oldest: null, open: 0, buffered: [] };
const OPEN: Admission = { as: 'open' };
const BUFFERED: Admission = { as: 'buffered' };

export function standingOf(policy: JobPolicy, unsettled: readonly RunRecord[], now: Instant): Standing {
  if (unsettled.length === 0) return CLEAR;
  const inOrder = unsettled.length === 1 ? unsettled : [...unsettled].sort(byAge);
  const open = inOrder.filter((run) => run.state === 'waiting' || run.state === 'running');
  const expiry = policy.overlapExpiry;
  const blocking = expiry === null ? open : open.filter((run) => now - run.createdAt < expiry);
  return {
    blocking: blocking.length,
    oldest: blocking[0] ?? null,
    open: open.length,
    buffered: inOrder.filter((run) => run.state === 'buffered').map((run) => run.id),
  };
}

/** One run more: SEMANTICS 2.4. */
export function judgeOverlap(policy: JobPolicy, standing: Standing): Admission {
  if (standing.blocking < policy.maxInstances) return OPEN;
  switch (policy.overlap) {
    case 'allowAll':
      return OPEN;
    case 'skip':
      return refused(standing);
    case 'bufferOne':
      return standing.buffered.length === 0 ? BUFFERED : refused(standing);
    case 'bufferAll':
      return buffer(standing);
    case 'cancelOther':
      return takeOver(standing);
  }
}

/** For runs that go one after another whatever `overlap` says: those caught up on, and backfilled ones. */
export function judgeQueued(standing: Standing): Admission {
  const isFree = standing.blocking === 0 && standing.buffered.length === 0;
  return isFree ? OPEN : buffer(standing);
}

function buffer(standing: Standing): Admission {
  if (standing.buffered.length < BUFFER_LIMIT) return BUFFERED;
  return { as: 'skipped', reason: 'overlap', detail: `${BUFFER_LIMIT} runs are buffered, which is the limit` };
}

function takeOver({ oldest, buffered }: Standing): Admission {
  const cancel = oldest === null || oldest.cancelRequested ? [] : [oldest.id];
  return { as: 'buffered', cancel, drop: buffered };
}

function refused({ oldest }: Standing): Admission {
  const where = oldest === null || oldest.node === null ? '' : ` on node ${oldest.node}`;
  const detail = oldest === null ? null : `run ${oldest.id} is ${oldest.state}${where}`;
  return { as: 'skipped', reason: 'overlap', detail };
}

function byAge(a: RunRecord, b: RunRecord): number {
  if (a.fireTime !== b.fireTime) return a.fireTime - b.fireTime;
  if (a.createdAt !== b.createdAt) return a.createdAt - b.createdAt;
  return a.id < b.id ? -1 : 1;
}
