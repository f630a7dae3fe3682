import type { Awaitable } from '../../core/index.js';

/**
 * Work in steps that a dialect answers at once or later. Written once as a generator, it runs in one synchronous stretch
 * where every answer is there already (SQLite), and waits between the steps where it is not.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** `yield* answer(value)` is the `await` of such work; a value that is there costs no turn of the event loop. */
export function* answer<T>(value: Awaitable<T>): Steps<T> {
  return isPromise(value) ? ((yield value) as T) : value;
}

/** Runs the work: at once as far as its answers are there. */
export function runSteps<T>(steps: Steps<T>): Awaitable<T> {
  const first = steps.next();
  return first.done ? first.value : goOn(steps, first.value);
}

async function goOn<T>(steps: Steps<T>, pending: Promise<unknown>): Promise<T> {
  let next: IteratorResult<Promise<unknown>, T>;
  let waiting = pending;
  do {
    try {
      next = steps.next(await waiting);
    } catch (error) {
      next = steps.throw(error);
    }
    if (!next.done) waiting = next.value;
  } while (!next.done);
  return next.value;
}

/** Goes on with the value: at once when it is there. */
export function after<T, R>(value: Awaitable<T>, go: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(value) ? value.then(go) : go(value);
}

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
