import type { Awaitable, Clock, Hook, HookOutcome, JobHooks, Millis, Timer } from '../../core/index.js';
import { isTriedAgain } from '../conclude.js';
import type { Ending } from '../ending.js';
import type { Link, LiveRun, RunGuard } from '../live-run.js';
import { isPromise } from '../settled.js';
import { callHook, firstThat } from './call-hooks.js';
import type { Round } from './call-hooks.js';

const NONE: readonly Hook[] = [];
/** How soon, and then ever less often. */
const FIRST_REPORT: Millis = 60_000;
const EACH: Round = { call: callSafely, ends: () => false };

/**
 * Calls `onSuccess`, or `onFailure` when no other attempt follows, then `after`, with the outcome of the attempt. What
 * they throw is written to the run's log and changes nothing else. A run that was skipped had no attempt, so none is
 * called. Hooks that take longer than the job's `timeout`, or than `abortGrace` once the run is asked to stop, are no longer
 * waited for; those of a job without a timeout are reported while they go on.
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
      const guard = new HooksGuard(run, clock, () => done(run, ending));
      run.guard = guard;
      answer.then(guard.end, guard.end);
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

/** Waits for the hooks of one run. The attempt has ended, and how it ended stays true without them. */
class HooksGuard implements RunGuard {
  private isOver = false;
  private timer: Timer | null = null;

  constructor(
    private readonly run: LiveRun,
    private readonly clock: Clock,
    private readonly done: () => void,
  ) {
    const { timeout } = run.job.policy;
    if (timeout === null) this.reportAfter(FIRST_REPORT, 0);
    else this.endAfter(timeout);
  }

  /** The run is asked to stop, which the signal tells the hooks. */
  stop(): void {
    this.endAfter(this.run.job.policy.abortGrace);
  }

  abandon(): void {
    this.end();
  }

  readonly end = (): void => {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.cancel();
    this.run.guard = null;
    this.done();
  };

  private endAfter(wait: Millis): void {
    this.wait(wait, () => {
      this.run.context.logger.error(`The hooks after the attempt took longer than ${wait} ms and are not waited for`);
      this.end();
    });
  }

  /** Nothing ends hooks without a time limit, and meanwhile the run keeps its slot and its lease. */
  private reportAfter(wait: Millis, waited: Millis): void {
    this.wait(wait, () => {
      const seconds = (waited + wait) / 1_000;
      this.run.context.logger.warn(
        `The hooks after the attempt have not ended after ${seconds} s, and its run stays open. Give the job a timeout`,
      );
      this.reportAfter(2 * wait, waited + wait);
    });
  }

  private wait(wait: Millis, go: () => void): void {
    this.timer?.cancel();
    this.timer = this.clock.after(wait, go);
  }
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
