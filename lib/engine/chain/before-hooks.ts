import type { JobHooks } from '../../core/index.js';
import type { Link } from '../live-run.js';
import { then } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';

/** Calls the `before` hooks; one that throws fails the attempt, and the handler is not called. */
export function beforeHooks(next: Link, hooks: JobHooks): Link {
  const { before } = hooks;
  if (before === undefined || before.length === 0) return next;
  return (run) =>
    then(
      firstThat(
        before,
        (hook) => callHook(hook, run),
        () => false,
      ),
      () => next(run),
    );
}
