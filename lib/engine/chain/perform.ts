import type { Executor } from '../../core/index.js';
import { ReturnedFalseError } from '../errors.js';
import { failed, succeeded } from '../ending.js';
import type { Ending } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';
import { isPromise } from '../settled.js';

/** Hands the attempt to its executor. A handler that answers at once ends its run at once: nothing is awaited. */
export function perform(executorOf: (run: LiveRun) => Executor): Link {
  return (done) => (run) => {
    let answer: unknown;
    try {
      answer = executorOf(run).execute(run);
    } catch (error) {
      return failed(error);
    }
    if (!isPromise(answer)) return endingOf(run, answer);
    answer.then(
      (value) => done(run, endingOf(run, value)),
      (error: unknown) => done(run, failed(error)),
    );
    return null;
  };
}

function endingOf(run: LiveRun, value: unknown): Ending {
  if (typeof value === 'string' && value !== '') void run.print(value);
  if (value === false && run.job.policy.failsOnFalse) return failed(new ReturnedFalseError(run.task));
  return succeeded(value);
}
