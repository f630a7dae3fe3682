import type { JobPatch } from '../../core/index.js';
import type { StoreCase, StoreCaseGroup } from './store-case.js';
import { MINUTE, outcomeOf, policyWith, T0 } from './store-world.js';

const NO_TRACE = policyWith({ keepHistory: false, overlap: 'allowAll' });

/** The job's two runs are taken back, and it goes on from an earlier time than that of the later one. */
function takesBackAgain(name: string, patch: JobPatch): StoreCase {
  return {
    name,
    async run(world, expect) {
      await world.add('a', { fireTime: T0 + 500, policy: NO_TRACE });
      await world.claimOne({ until: T0 + 1_000 });
      await world.claimOne({ until: T0 + 500 + MINUTE });
      await world.change('a', { ...patch, fireTime: T0 + 700, dueAt: T0 + 700 });
      const ahead = await world.claimOne({ until: T0 + 1_000 });
      const [{ after }] = await world.change('a', { withdraw: true });

      expect([ahead.run.fireTime, after!.fireTime]).toEqual([T0 + 700, T0 + 700]);
      expect(await world.settle(outcomeOf(ahead, { keepHistory: false }))).toEqual([false]);
    },
  };
}

/** Taken back of jobs that keep no history. */
export const TRACELESS_CASES: StoreCaseGroup = {
  name: 'change, withdrawing a claim of a job without history',
  cases: [
    takesBackAgain('goes by no run that was taken back before the job was rescheduled', { withdraw: true }),
    takesBackAgain('goes by no run that was taken back when the job was replaced', { replace: true }),
  ],
};
