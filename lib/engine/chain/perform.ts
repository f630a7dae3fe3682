import type { Executor } from '../../core/index.js';
import { failed, succeeded } from '../ending.js';
import type { Ending } from '../ending.js';
import type { Link, LiveRun } from '../live-run.js';
import { isPromise } from '../settled.js';

/** Hands the attempt to its executor. A handler that answers at once ends its run at once: nothing is awaited. */
export function perform(executorOf: (run: LiveRun) => Executor): Link {
  return (run) => {
    let answer: unknown;
    try {
      answer = executorOf(run).execute(run);
    } catch (error) {
      return failed(error);
    }
    return isPromise(answer) ? answer.then((value) => done(run, value), failed) : done(run, answer);
  };
}

function done(run: LiveRun, value: unknown): Ending {
  if (typeof value === 'string') run.print(value);
  return succeeded(value);
}
