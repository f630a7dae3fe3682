import { AsyncLocalStorage } from 'node:async_hooks';
import { isPromiseLike } from './promise-like.js';
import type { ForeignCronJob } from './foreign-cron-job.js';

/** What the callbacks of one run have shown so far. */
interface Run {
  readonly errors: unknown[];
  readonly promises: PromiseLike<unknown>[];
  isOpen: boolean;
}

type Callback = (this: unknown, ...given: never[]) => unknown;

/**
 * What a job's callbacks throw goes to its own handler, and makes the run that they belong to a failed one. The run lasts
 * until what they promised is there, although a job without `waitForCompletion` does not wait for it itself.
 */
export function watchFailures(
  job: ForeignCronJob,
  tell: (error: unknown) => void,
): { during(run: () => unknown): unknown } {
  const open = new AsyncLocalStorage<Run>();
  watchErrors(job, open, tell);
  watchPromises(job, open);
  return {
    during(original) {
      const run: Run = { errors: [], promises: [], isOpen: true };
      const end = (): void => {
        run.isOpen = false;
        if (run.errors.length > 0) throw run.errors[0];
      };
      const result = open.run(run, original);
      if (job.waitForCompletion === true && run.errors.length === 0) return Promise.resolve(result).then(end);
      if (run.promises.length > 0) return Promise.allSettled(run.promises).then(end);
      end();
      return result;
    },
  };
}

function watchErrors(job: ForeignCronJob, open: AsyncLocalStorage<Run>, tell: (error: unknown) => void): void {
  const own = job.errorHandler;
  job.errorHandler = (error: unknown): void => {
    if (typeof own === 'function') (own as (error: unknown) => void)(error);
    const run = open.getStore();
    if (run?.isOpen === true) run.errors.push(error);
    else if (typeof own !== 'function') tell(error);
  };
}

/** The job keeps what its callbacks promised to itself; where it keeps the callbacks in reach, they are asked for it. */
function watchPromises(job: ForeignCronJob, open: AsyncLocalStorage<Run>): void {
  const { _callbacks: callbacks, addCallback: add } = job as { _callbacks?: unknown; addCallback?: unknown };
  if (!Array.isArray(callbacks)) return;
  const watched = (callback: Callback): Callback =>
    function (this: unknown, ...given) {
      const result = callback.apply(this, given);
      if (isPromiseLike(result)) open.getStore()?.promises.push(result);
      return result;
    };
  for (const [index, callback] of (callbacks as unknown[]).entries()) {
    if (typeof callback === 'function') callbacks[index] = watched(callback as Callback);
  }
  if (typeof add !== 'function') return;
  Object.assign(job, {
    addCallback: (callback: unknown) =>
      void add.call(job, typeof callback === 'function' ? watched(callback as Callback) : callback),
  });
}
