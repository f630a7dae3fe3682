import { JobContext } from '../../core/index.js';
import type { Awaitable, Hook, HookOutcome } from '../../core/index.js';
import type { LiveRun } from '../live-run.js';
import { isPromise } from '../settled.js';

/** Calls one hook inside the run's context. */
export function callHook(hook: Hook, run: LiveRun, outcome?: HookOutcome): unknown {
  return JobContext.enter(run.context, () => hook.call(run.context, outcome));
}

/**
 * The first hook whose answer `ends` the round, or null. One after another; stays in this tick as long as no hook
 * answers with a promise.
 */
export function firstThat(
  hooks: readonly Hook[],
  call: (hook: Hook) => unknown,
  ends: (answer: unknown) => boolean,
): Awaitable<Hook | null> {
  const from = (index: number): Awaitable<Hook | null> => {
    for (let at = index; at < hooks.length; at++) {
      const answer = call(hooks[at]);
      if (isPromise(answer)) return answer.then((value) => (ends(value) ? hooks[at] : from(at + 1)));
      if (ends(answer)) return hooks[at];
    }
    return null;
  };
  return from(0);
}
