import type { Awaitable, Hook, HookOutcome, JobHooks } from '../../core/index.js';
import { isTriedAgain } from '../conclude.js';
import type { Ending } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';
import { isPromise, then } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';

const NONE: readonly Hook[] = [];

/**
 * Calls `onSuccess`, or `onFailure` when no other attempt follows, then `after`, with the outcome of the attempt. What
 * they throw is written to the run's log and changes nothing else. A run that was skipped had no attempt, so none is
 * called.
 */
export function afterHooks(next: Link, hooks: JobHooks): Link {
  const { after = NONE, onSuccess = NONE, onFailure = NONE } = hooks;
  if (after.length + onSuccess.length + onFailure.length === 0) return next;
  const onSuccessThenAfter = [...onSuccess, ...after];
  const onFailureThenAfter = [...onFailure, ...after];
  const listOf = (run: LiveRun, ending: Ending): readonly Hook[] => {
    const { outcome } = ending;
    if (outcome === 'skipped') return NONE;
    if (outcome === 'cancelled' || isTriedAgain(run, ending)) return after;
    return outcome === 'succeeded' ? onSuccessThenAfter : onFailureThenAfter;
  };
  return (run) => then(next(run), (ending) => then(callAll(listOf(run, ending), run, ending), () => ending));
}

function callAll(hooks: readonly Hook[], run: LiveRun, ending: Ending): Awaitable<unknown> {
  if (hooks.length === 0) return null;
  const outcome: HookOutcome = {
    outcome: ending.outcome,
    error: ending.error,
    result: ending.result,
    output: run.output,
  };
  return firstThat(
    hooks,
    (hook) => callSafely(hook, run, outcome),
    () => false,
  );
}

function callSafely(hook: Hook, run: LiveRun, outcome: HookOutcome): unknown {
  const report = (error: unknown): void => run.context.logger.error(`The hook ${hook.name} failed`, error);
  try {
    const answer = callHook(hook, run, outcome);
    return isPromise(answer) ? answer.catch(report) : answer;
  } catch (error) {
    report(error);
    return null;
  }
}
