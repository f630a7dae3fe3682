import type { Awaitable, Clock, Hook, HookOutcome, JobHooks, Timer } from '../../core/index.js';
import { isTriedAgain } from '../conclude.js';
import type { Ending } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';
import { isPromise } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';
import type { Round } from './call-hooks.js';

const NONE: readonly Hook[] = [];
const EACH: Round = { call: callSafely, ends: () => false };

/**
 * Calls `onSuccess`, or `onFailure` when no other attempt follows, then `after`, with the outcome of the attempt. What
 * they throw is written to the run's log and changes nothing else. A run that was skipped had no attempt, so none is
 * called. Hooks that take longer than the job's `timeout` are no longer waited for.
 */
export function afterHooks(next: Link, hooks: JobHooks, clock: Clock): Link {
  const { after = NONE, onSuccess = NONE, onFailure = NONE } = hooks;
  if (after.length + onSuccess.length + onFailure.length === 0) return next;
  const onSuccessThenAfter = [...onSuccess, ...after];
  const onFailureThenAfter = [...onFailure, ...after];
  const listOf = (run: LiveRun, ending: Ending): readonly Hook[] => {
    const { outcome } = ending;
    if (outcome === 'succeeded') return onSuccessThenAfter;
    if (outcome === 'skipped') return NONE;
    return outcome === 'cancelled' || isTriedAgain(run, ending) ? after : onFailureThenAfter;
  };
  return (done) => {
    const start = next((run, ending) => {
      if (call(run, ending)) done(run, ending);
    });
    /** true: they have ended; else `done` is told when they have. */
    const call = (run: LiveRun, ending: Ending): boolean => {
      const list = listOf(run, ending);
      if (list.length === 0) return true;
      const answer = callAll(list, run, ending);
      if (!isPromise(answer)) return true;
      const over = withinTimeout(run, clock, () => done(run, ending));
      answer.then(over, over);
      return false;
    };
    return (run) => {
      const ending = start(run);
      return ending === null || !call(run, ending) ? null : ending;
    };
  };
}

function callAll(hooks: readonly Hook[], run: LiveRun, { outcome, error, result }: Ending): Awaitable<unknown> {
  return firstThat(hooks, EACH, run, { outcome, error, result, output: run.output });
}

/** Answers what is to be called when the hooks have ended; a timeout, or the end of the node, may come before them. */
function withinTimeout(run: LiveRun, clock: Clock, done: () => void): () => void {
  const { timeout } = run.job.policy;
  let isOver = false;
  let timer: Timer | null = null;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    timer?.cancel();
    run.guard = null;
    done();
  };
  // The attempt has ended, so there is nothing to stop; and how it ended stays true without its hooks.
  run.guard = { stop: () => undefined, abandon: end };
  if (timeout !== null) {
    timer = clock.after(timeout, () => {
      run.context.logger.error(`The hooks after the attempt took longer than ${timeout} ms and are not waited for`);
      end();
    });
  }
  return end;
}

function callSafely(hook: Hook, run: LiveRun, outcome?: HookOutcome): unknown {
  try {
    const answer = callHook(hook, run, outcome);
    return isPromise(answer) ? answer.catch((error: unknown) => report(hook, run, error)) : answer;
  } catch (error) {
    report(hook, run, error);
    return null;
  }
}

function report(hook: Hook, run: LiveRun, error: unknown): void {
  run.context.logger.error(`The hook ${hook.name} failed`, error);
}
