import type { Clock, Instant, Millis, Timer } from '../../../../core/index.js';
import { StoreBusyError, StoreClosedError } from '../../errors.js';
import { isBusy } from './sqlite-errors.js';

/** Between two tries, at most. */
const LONGEST_PAUSE: Millis = 50;

/** Who has waited for so long looks more often: where others write without a pause, nobody else's turn ever comes. */
const LONG_WAIT: Millis = 1_000;
const SHORT_PAUSE: Millis = 5;

export interface BusyRetryParts {
  readonly clock: Clock;
  /** How long a step is tried in all. */
  readonly limit: Millis;
  readonly store: string;
  readonly file: string;
}

/** Repeats a step from the event loop while another connection has the lock: with growing, random pauses, and an end. */
export class BusyRetry {
  private readonly pauses = new Map<Timer, () => void>();
  /** Raised by each stop: a step that began before it is not repeated. */
  private stops = 0;

  constructor(private readonly parts: BusyRetryParts) {}

  async run<T>(step: () => T): Promise<T> {
    const started = this.parts.clock.monotonic();
    const { stops } = this;
    for (let round = 1; ; round++) {
      try {
        return step();
      } catch (error) {
        if (!isBusy(error)) throw error;
        this.checkTime(started, error);
      }
      await this.pause(round, this.parts.clock.monotonic() - started);
      if (this.stops !== stops) throw new StoreClosedError(this.parts.store);
    }
  }

  /** Ends every pause; the steps that were to be repeated fail as closed. */
  stop(): void {
    this.stops++;
    for (const [timer, goOn] of this.pauses) {
      timer.cancel();
      goOn();
    }
    this.pauses.clear();
  }

  private checkTime(started: Instant, error: unknown): void {
    const { clock, limit, store, file } = this.parts;
    const waited = clock.monotonic() - started;
    if (waited >= limit) throw new StoreBusyError(store, file, waited, { cause: error });
  }

  private pause(round: number, waited: Millis): Promise<void> {
    const longest = waited < LONG_WAIT ? LONGEST_PAUSE : SHORT_PAUSE;
    const delay = 1 + Math.random() * Math.min(longest, 2 ** Math.min(round, 10));
    return new Promise((resolve) => {
      const timer = this.parts.clock.after(delay, () => {
        this.pauses.delete(timer);
        resolve();
      });
      this.pauses.set(timer, resolve);
    });
  }
}
