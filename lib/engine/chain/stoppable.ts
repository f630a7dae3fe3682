import type { Clock, Executor, Outcome, Timer } from '../../core/index.js';
import { stopped } from '../ending.js';
import type { Ending } from '../ending.js';
import type { Done, Link, LiveRun, RunGuard } from '../live-run.js';
import { settled } from '../settled.js';
import { RunTimedOutError } from '../stop-errors.js';

/**
 * Ends an attempt that is asked to stop, by its `timeout` or from outside: the signal is aborted, and after `abortGrace`
 * the outcome is written whether the handler has ended or not. An executor that can kill is asked to at that point.
 */
export function stoppable(next: Link, clock: Clock, executorOf: (run: LiveRun) => Executor): Link {
  return (done) => {
    const start = next((run, ending) => {
      if (run.guard instanceof StopGuard) run.guard.end(ofStopped(run, ending));
      // What only looks like a promise may answer before it is waited for.
      else run.earlyEnding ??= ending;
    });
    return (run) => {
      const ending = start(run) ?? run.earlyEnding;
      if (ending !== null) return ofStopped(run, ending);
      run.guard = new StopGuard(run, clock, executorOf(run), done);
      return null;
    };
  };
}

class StopGuard implements RunGuard {
  private timer: Timer | null = null;
  private isOver = false;
  /** The executor was asked to kill it. */
  private isGivingUp = false;

  constructor(
    private readonly run: LiveRun,
    private readonly clock: Clock,
    private readonly executor: Executor,
    private readonly done: Done,
  ) {
    const { timeout } = run.job.policy;
    if (run.stopCause !== null) {
      this.stop();
    } else if (timeout !== null) {
      const timedOut = (): void =>
        run.stop('timedOut', new RunTimedOutError(run.claim.jobId, run.claim.runId, timeout));
      this.timer = clock.after(timeout, timedOut);
    }
  }

  /** The signal is aborted: from here on the grace counts. */
  stop(): void {
    this.timer?.cancel();
    this.timer = this.clock.after(this.run.job.policy.abortGrace, () => this.giveUp());
  }

  /** The node goes, perhaps before the grace's own timer was called: what can be killed does not stay behind. */
  abandon(): void {
    if (!this.isOver && !this.isGivingUp && this.executor.kill !== undefined) {
      const ignore = (): void => undefined;
      settled(() => this.executor.kill!(this.run), ignore, ignore);
    }
    this.end(stopEnding(this.run, true));
  }

  end(ending: Ending): void {
    if (this.isOver) return;
    this.isOver = true;
    this.timer?.cancel();
    this.run.guard = null;
    this.done(this.run, ending);
  }

  private giveUp(): void {
    this.isGivingUp = true;
    const end = (isOver: boolean): void => this.end(stopEnding(this.run, !isOver));
    if (this.executor.kill === undefined) end(false);
    else
      settled(
        () => this.executor.kill!(this.run),
        end,
        () => end(false),
      );
  }
}

/** A handler that was asked to stop and finished its work all the same has succeeded; one past its timeout has not. */
function ofStopped(run: LiveRun, ending: Ending): Ending {
  if (run.stopCause === null) return ending;
  if (run.stopCause !== 'timedOut' && ending.outcome !== 'failed') return ending;
  return stopEnding(run, false);
}

function stopEnding(run: LiveRun, isAbandoned: boolean): Ending {
  const outcome: Outcome = run.stopCause === 'timedOut' ? 'timedOut' : 'cancelled';
  return stopped(outcome, run.stopError!, isAbandoned);
}
