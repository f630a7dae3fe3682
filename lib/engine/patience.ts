import { SchedulerError } from '../core/index.js';
import type { Awaitable, Clock, Millis, Timer } from '../core/index.js';
import { isPromise } from './settled.js';

/** A statement that takes longer is taken for hung. */
const PATIENCE: Millis = 30_000;

/** A store neither answered nor failed for so long that it is no longer waited for: it is asked anew, or left as it is at a stop. */
export class StoreHungError extends SchedulerError {
  readonly code = 'STORE_HUNG';

  constructor(
    readonly store: string,
    readonly statement: string,
    limit: Millis = PATIENCE,
  ) {
    super(
      `The store "${store}" has not answered ${statement} for ${limit} ms and is not waited for. Look at locks and ` +
        `connections of its database, and give its statements a time limit.`,
    );
  }
}

/** For answers that mean nothing when they come late. */
export const nothing = (): void => undefined;

/** One hung call must not stop every job of a store: what is not answered in time counts as failed. */
export class Patience {
  private readonly timers = new Set<Timer>();

  constructor(
    private readonly store: string,
    private readonly clock: Clock,
  ) {}

  /** `late` gets an answer that came after all, when nobody waits for it any more. */
  await<T>(statement: string, ask: () => Awaitable<T>, late: (answer: T) => void, limit = PATIENCE): Awaitable<T> {
    const answer = ask();
    if (!isPromise(answer)) return answer;
    return new Promise((resolve, reject) => {
      let isLate = false;
      const timer = this.clock.after(limit, () => {
        isLate = true;
        this.timers.delete(timer);
        reject(new StoreHungError(this.store, statement, limit));
      });
      this.timers.add(timer);
      answer.then(
        (value) => {
          this.forget(timer);
          if (isLate) late(value);
          else resolve(value);
        },
        (error: unknown) => {
          this.forget(timer);
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- passed on as it came
          if (!isLate) reject(error);
        },
      );
    });
  }

  close(): void {
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
  }

  private forget(timer: Timer): void {
    timer.cancel();
    this.timers.delete(timer);
  }
}
