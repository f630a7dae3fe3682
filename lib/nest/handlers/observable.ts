import type { JobContext } from '../../core/index.js';

/** What this room needs of an Observable; rxjs itself is not needed for it. */
interface ObservableLike {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
  readonly pipe: unknown;
}

export function isObservable(value: unknown): value is ObservableLike {
  if (typeof value !== 'object' || value === null) return false;
  const { subscribe, pipe } = value as Partial<ObservableLike>;
  return typeof subscribe === 'function' && typeof pipe === 'function';
}

/** The last value of an Observable, undefined for an empty one; an aborted run ends the subscription. */
export function lastValueOf(source: ObservableLike, job: JobContext): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let last: unknown;
    const subscription = source.subscribe({
      next: (value) => (last = value),
      error: reject,
      complete: () => resolve(last),
    });
    const end = () => {
      subscription.unsubscribe();
      reject(job.signal.reason as Error);
    };
    if (job.signal.aborted) end();
    else job.signal.addEventListener('abort', end, { once: true });
  });
}
