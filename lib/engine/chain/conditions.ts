import type { Awaitable, Hook, JobHooks } from '../../core/index.js';
import { failed, skipped } from '../ending.js';
import type { Link, LiveRun, Start } from '../live-run.js';
import { isPromise, then } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';
import type { Round } from './call-hooks.js';
import { goOnLater, unlessStopped } from './unless-stopped.js';

const NONE: readonly Hook[] = [];
const UNTIL_FALSE: Round = { call: callHook, ends: (answer) => !answer };
const UNTIL_TRUE: Round = { call: callHook, ends: Boolean };

/** Asks `when` and `skip`, just before the first attempt of a run that is not forced; the one that says no is recorded. */
export function conditions(next: Link, hooks: JobHooks): Link {
  const { when = NONE, skip = NONE } = hooks;
  if (when.length + skip.length === 0) return next;
  return (done) => {
    const start = next(done);
    const startAfterHooks = unlessStopped(start);
    return (run) => {
      if (!run.isFirstAttempt || run.run.forced) return start(run);
      let detail: Awaitable<string | null>;
      try {
        detail = refusal(run, when, skip);
      } catch (error) {
        return failed(error);
      }
      if (!isPromise(detail)) return judged(detail, startAfterHooks)(run);
      detail.then(
        (found) => goOnLater(judged(found, startAfterHooks), done, run),
        (error: unknown) => done(run, failed(error)),
      );
      return null;
    };
  };
}

/** @param detail null: nothing is in the way */
function judged(detail: string | null, start: Start): Start {
  return detail === null ? start : () => skipped('condition', detail);
}

function refusal(run: LiveRun, when: readonly Hook[], skip: readonly Hook[]): Awaitable<string | null> {
  return then(firstThat(when, UNTIL_FALSE, run), (denied): Awaitable<string | null> => {
    if (denied !== null) return `when ${denied.name} was false`;
    return then(firstThat(skip, UNTIL_TRUE, run), (found) => (found === null ? null : `skip ${found.name} was true`));
  });
}
