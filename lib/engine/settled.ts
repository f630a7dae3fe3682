import type { Awaitable } from '../core/index.js';

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Goes on with the value: at once when it is there, else when it comes. What throws, throws or rejects. */
export function then<T, R>(awaitable: Awaitable<T>, go: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(awaitable) ? awaitable.then(go) : go(awaitable);
}

/** Calls `ask` and tells its answer, or what it threw, to one of two: in this tick when the answer is there already. */
export function settled<T>(ask: () => Awaitable<T>, done: (value: T) => void, failed: (error: unknown) => void): void {
  let answer: Awaitable<T>;
  try {
    answer = ask();
  } catch (error) {
    failed(error);
    return;
  }
  if (isPromise(answer)) answer.then(done, failed);
  else done(answer);
}

/** One after another; stays in this tick as long as no answer is a promise. */
export function eachInTurn<T>(items: Iterable<T>, go: (item: T) => Awaitable<unknown>): Awaitable<void> {
  const iterator = items[Symbol.iterator]();
  const step = (): Awaitable<void> => {
    for (let item = iterator.next(); !item.done; item = iterator.next()) {
      const answer = go(item.value);
      if (isPromise(answer)) return answer.then(step);
    }
  };
  return step();
}
