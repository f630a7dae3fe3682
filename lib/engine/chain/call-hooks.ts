import { JobContext } from '../../core/index.js';
import type { Awaitable, Hook, HookOutcome } from '../../core/index.js';
import type { LiveRun } from '../live-run.js';
import { isPromise } from '../settled.js';

/** How hooks are called one after another. */
export interface Round {
  call(hook: Hook, run: LiveRun, outcome?: HookOutcome): unknown;
  /** An answer that ends the round. */
  ends(answer: unknown): boolean;
}

/** Calls one hook inside the run's context. */
export function callHook(hook: Hook, run: LiveRun, outcome?: HookOutcome): unknown {
  return JobContext.enter(run.context, invoke, hook, run.context, outcome);
}

function invoke(hook: Hook, context: JobContext, outcome: HookOutcome | undefined): unknown {
  return hook.call(context, outcome);
}

/**
 * The first hook whose answer ends the round, or null. One after another; stays in this tick as long as no hook answers
 * with a promise.
 */
export function firstThat(
  hooks: readonly Hook[],
  round: Round,
  run: LiveRun,
  outcome?: HookOutcome,
): Awaitable<Hook | null> {
  for (let at = 0; at < hooks.length; at++) {
    const answer = round.call(hooks[at], run, outcome);
    if (isPromise(answer)) {
      return answer.then((value) =>
        round.ends(value) ? hooks[at] : firstThat(hooks.slice(at + 1), round, run, outcome),
      );
    }
    if (round.ends(answer)) return hooks[at];
  }
  return null;
}
