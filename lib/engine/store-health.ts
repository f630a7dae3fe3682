import type { Clock, Millis } from '../core/index.js';
import type { Facts } from './facts.js';

const FIRST_WAIT: Millis = 250;
const LONGEST_WAIT: Millis = 15_000;

/** Whether a store answers. A store that fails never counts against a job (P25): it is asked again, ever less often. */
export class StoreHealth {
  /** Statements that were answered, ever: tells a bad row from a store that is away. */
  answers = 0;
  private failures = 0;
  private backAt: Millis | null = null;

  constructor(
    private readonly alias: string,
    private readonly clock: Clock,
    private readonly facts: Facts,
  ) {}

  get isFailing(): boolean {
    return this.failures > 0;
  }

  answered(): void {
    this.answers++;
    if (this.failures === 0) return;
    this.failures = 0;
    this.backAt = this.clock.monotonic();
    this.facts.tell('store.recovered', { store: this.alias });
  }

  failed(error: unknown): void {
    this.failures++;
    if (this.failures === 1) {
      const detail = `The store "${this.alias}" does not answer; it is asked again until it does.`;
      this.facts.tell('store.failed', { store: this.alias, error, detail });
    }
  }

  /** How long to wait before the next try, with a random part so that nodes do not come back all at once (P21). */
  wait(random: number): Millis {
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(this.failures - 1, 10));
    return longest * (0.5 + random / 2);
  }

  /** After the store was away, others' leases ended for no fault of theirs: they get one lease to renew them. */
  mayRecover(lease: Millis): boolean {
    return this.backAt === null || this.clock.monotonic() - this.backAt >= lease;
  }
}
