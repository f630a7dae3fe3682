import type { Executor } from '../../core/index.js';
import { failed, succeeded } from '../ending.js';
import type { Ending } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';
import { isPromise } from '../settled.js';

/** Hands the attempt to its executor. A handler that answers at once ends its run at once: nothing is awaited. */
export function perform(executorOf: (run: LiveRun) => Executor): Link {
  return (run, done) => {
    let answer: unknown;
    try {
      answer = executorOf(run).execute(run);
    } catch (error) {
      done(failed(error));
      return;
    }
    if (isPromise(answer)) {
      answer.then(
        (value) => done(endingOf(run, value)),
        (error: unknown) => done(failed(error)),
      );
    } else {
      done(endingOf(run, answer));
    }
  };
}

function endingOf(run: LiveRun, value: unknown): Ending {
  if (typeof value === 'string') run.print(value);
  return succeeded(value);
}
