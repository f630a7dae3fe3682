import type { Clock, Millis } from '../core/index.js';
import type { Facts } from './facts.js';

const FIRST_WAIT: Millis = 250;
const LONGEST_WAIT: Millis = 15_000;

/** What a node asks a store for, each answered or failing for itself. */
export type StorePart = 'claim' | 'settle' | 'renew' | 'beat' | 'change';

/** Whether a store answers. A store that fails never counts against a job (P25): it is asked again, ever less often. */
export class StoreHealth {
  /** Failures in a row, of the parts that fail. */
  private readonly failures = new Map<StorePart, number>();
  /** When the store, or this node, was back after an absence. */
  private backAt: Millis | null = null;

  constructor(
    private readonly alias: string,
    private readonly clock: Clock,
    private readonly facts: Facts,
  ) {}

  answered(part: StorePart): void {
    if (this.failures.size === 0) return;
    this.failures.delete(part);
    // Changes are made now and then: what shows that they would be answered again is a claim.
    if (part === 'claim') this.failures.delete('change');
    if (this.failures.size > 0) return;
    this.backAt = this.clock.monotonic();
    this.facts.tell('store.recovered', { store: this.alias });
  }

  /** The last answer of this part was a failure. */
  isFailing(part: StorePart): boolean {
    return this.failures.has(part);
  }

  failed(part: StorePart, error: unknown): void {
    if (this.failures.size === 0) {
      const detail = `The store "${this.alias}" failed to answer (${part}); it is asked again until it does.`;
      this.facts.tell('store.failed', { store: this.alias, error, detail });
    }
    this.failures.set(part, (this.failures.get(part) ?? 0) + 1);
  }

  /** true: this part fails and no other does, so it is hardly the store that is away. */
  failsOnlyAt(part: StorePart): boolean {
    return this.failures.size === 1 && this.failures.has(part);
  }

  /** How long to wait before the next try, with a random part so that nodes do not come back all at once (P21). */
  wait(part: StorePart, random: number): Millis {
    const failures = this.failures.get(part) ?? 1;
    const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 10));
    return longest * (0.5 + random / 2);
  }

  /** This node stood still, or its clock was set. */
  cameBack(): void {
    this.backAt = this.clock.monotonic();
  }

  /** After the store or this node was away, others' leases ended for no fault of theirs: they get one lease to renew them. */
  mayRecover(lease: Millis): boolean {
    if (this.failures.size > 0) return false;
    return this.backAt === null || this.clock.monotonic() - this.backAt >= lease;
  }
}
