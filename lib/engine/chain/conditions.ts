import type { Awaitable, Hook, JobHooks } from '../../core/index.js';
import { failed, skipped } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';
import { settled, then } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';
import { unlessStopped } from './unless-stopped.js';

const NONE: readonly Hook[] = [];

/** Asks `when` and `skip`, just before the first attempt of a run that is not forced; the one that says no is recorded. */
export function conditions(next: Link, hooks: JobHooks): Link {
  const { when = NONE, skip = NONE } = hooks;
  if (when.length + skip.length === 0) return next;
  const goOn = unlessStopped(next);
  return (run, done) => {
    if (!run.isFirstAttempt || run.run.forced) {
      next(run, done);
      return;
    }
    settled(
      () => refusal(run, when, skip),
      (detail) => (detail === null ? goOn(run, done) : done(skipped('condition', detail))),
      (error) => done(failed(error)),
    );
  };
}

function refusal(run: LiveRun, when: readonly Hook[], skip: readonly Hook[]): Awaitable<string | null> {
  const call = (hook: Hook): unknown => callHook(hook, run);
  return then(
    firstThat(when, call, (answer) => !answer),
    (denied): Awaitable<string | null> => {
      if (denied !== null) return `when ${denied.name} was false`;
      return then(firstThat(skip, call, Boolean), (found) => (found === null ? null : `skip ${found.name} was true`));
    },
  );
}
