import type { ClaimRequest, ClaimResult, PlanRuns } from '../../core/index.js';
import { ClaimStep } from './claim-step.js';
import type { Session } from './session.js';
import type { Steps } from './steps.js';

/**
 * A claim that may be tried again. Each try leaves out what the request did before any plan was asked, and executors of plans
 * that it was itself refused: what was admitted in a try that was undone is due still, and has its room.
 */
export function claiming(request: ClaimRequest, planRuns: PlanRuns): (session: Session) => Steps<ClaimResult> {
  const atFirst = [...request.exceptExecutors];
  return (session) => {
    const exceptExecutors = new Set(atFirst);
    const plan: PlanRuns = (job, unsettled, window) => {
      const planned = planRuns(job, unsettled, window);
      const { executor } = job.policy;
      if (planned === null && request.exceptExecutors.has(executor)) exceptExecutors.add(executor);
      return planned;
    };
    return new ClaimStep(session, { ...request, exceptExecutors }, plan).run();
  };
}
