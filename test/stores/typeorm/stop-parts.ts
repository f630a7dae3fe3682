import { DEFAULT_POLICY } from '../../../lib/core/index.js';
import type { Claim, NewJob, Settlement, Store } from '../../../lib/core/index.js';
import { claim, newJobs, NOW, planMinutes } from './store-parts.js';

export const COUNT = 150;
/** Before all that is claimed ahead. */
export const BEFORE = NOW - 1_000;

/** Each at a moment of its own, from `NOW` on. */
export function jobsInTurn(keepHistory = true): NewJob[] {
  return newJobs(COUNT, (n) => ({ fireTime: NOW + n, policy: { ...DEFAULT_POLICY, keepHistory } }));
}

export async function claimAhead(store: Store): Promise<readonly Claim[]> {
  return (await claim(store, { now: BEFORE, until: NOW + COUNT }, planMinutes)).claims;
}

/** Given back, unstarted. */
export function released({ runId, jobId, token, run: { dueAt } }: Claim): Settlement {
  return { kind: 'release', runId, jobId, token, at: NOW, attempt: 0, startedAt: null, dueAt };
}
