import type { Clock, Instant, Millis, Timer } from '../../../../core/index.js';
import { StoreClosedError } from '../../errors.js';
import type { Trouble } from './link.js';

/** Between two tries, at most. */
const LONGEST_PAUSE: Millis = 200;

/** Tries that follow at once: most conflicts are over by then. */
const AT_ONCE = 3;

/** A server that is away is left to the engine, which asks it ever less often. */
const CUT_LIMIT: Millis = 3_000;

export interface RetryParts {
  readonly store: string;
  readonly clock: Clock;
  /** How long a step that meets conflicts is tried in all. */
  readonly limit: Millis;
  readonly troubleOf: (error: unknown) => Trouble;
}

/** Repeats a step that was undone: at once, then with growing, random pauses, and with an end. */
export class Retry {
  private readonly pauses = new Map<Timer, () => void>();
  /** Raised by each stop: a step that began before it is not repeated. */
  private stops = 0;

  constructor(private readonly parts: RetryParts) {}

  /** `step` is told how many tries there were before. */
  async run<T>(step: (tries: number) => Promise<T>): Promise<T> {
    const started = this.parts.clock.monotonic();
    const { stops } = this;
    for (let tries = 0; ; tries++) {
      try {
        return await step(tries);
      } catch (error) {
        if (!this.mayTryAgain(error, started)) throw error;
      }
      if (tries >= AT_ONCE) await this.pause(tries - AT_ONCE);
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

  private mayTryAgain(error: unknown, started: Instant): boolean {
    const trouble = this.parts.troubleOf(error);
    if (trouble === null) return false;
    const limit = trouble === 'cut' ? Math.min(this.parts.limit, CUT_LIMIT) : this.parts.limit;
    return this.parts.clock.monotonic() - started < limit;
  }

  private pause(round: number): Promise<void> {
    const delay = 1 + Math.random() * Math.min(LONGEST_PAUSE, 2 ** Math.min(round + 2, 10));
    return new Promise((resolve) => {
      const timer = this.parts.clock.after(delay, () => {
        this.pauses.delete(timer);
        resolve();
      });
      this.pauses.set(timer, resolve);
    });
  }
}
