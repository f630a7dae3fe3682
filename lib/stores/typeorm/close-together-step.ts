import type { Instant } from '../../core/index.js';
import { promoteBehind } from './run-ends.js';
import type { RunClose, Session } from './session.js';
import type { OutcomeItem } from './settle-groups.js';
import { answer } from './steps.js';
import type { Steps } from './steps.js';

/** Ends runs of all kinds in one statement, and gives their places to buffered ones. Answers the keys of those it found held. */
export function* closeTogether(session: Session, items: readonly OutcomeItem[], at: Instant): Steps<Set<number>> {
  const closed = yield* answer(session.held.closeAll!(items.map(closeOf)));
  if (closed.isAnyLoss) {
    const lost = new Set(items.filter(({ settlement }) => settlement.outcome === 'lost').map((item) => item.key));
    yield* answer(session.held.clearLossesOf!(closed.runs.filter((run) => !lost.has(run.key))));
  }
  if (closed.isAnyBuffered) {
    const closings = new Map<number, number>();
    for (const { jobKey } of closed.runs) closings.set(jobKey, (closings.get(jobKey) ?? 0) + 1);
    yield* promoteBehind(session, closings, at);
  }
  return new Set(closed.runs.map((run) => run.key));
}

/** A literal, not a spread: with so many fields that costs more than all else here. */
function closeOf({ key, settlement }: OutcomeItem): RunClose {
  return {
    key,
    token: settlement.token,
    attempt: settlement.attempt,
    startedAt: settlement.startedAt,
    outcome: settlement.outcome,
    at: settlement.at,
    reason: settlement.reason,
    keepHistory: settlement.keepHistory,
    detail: settlement.detail,
    error: settlement.error,
    result: settlement.result,
    output: settlement.output,
  };
}
