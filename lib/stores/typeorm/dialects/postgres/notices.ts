import type { Instant, Millis } from '../../../../core/index.js';
import type { Scope } from './scope.js';

/** What is due later than this is found by the others' polls in time; so many wake-ups would cost them more than they gain. */
export const SOON: Millis = 20_000;

/** What a transaction changed that other nodes should hear of when it is durable. */
export class Notices {
  private earliest: Instant = Number.POSITIVE_INFINITY;
  private isUrgent = false;
  private isTold = false;

  constructor(
    private readonly scope: Scope,
    private readonly channel: string,
    /** This process, which needs no word from itself. */
    private readonly sender: string,
  ) {}

  /** Something will be due then. */
  wakes(at: Instant | null): void {
    if (at !== null && at < this.earliest) this.earliest = at;
  }

  /** A claim was taken back, a run asked to stop, or the application paused: whoever holds claims should look. */
  concernsOwners(): void {
    this.isUrgent = true;
  }

  /** Sent once a transaction, and delivered by the server when it commits. */
  async tell(): Promise<void> {
    if (this.isTold || (!this.isUrgent && this.earliest === Number.POSITIVE_INFINITY)) return;
    const begun = await this.scope.begun();
    if (!this.isUrgent && begun !== null && this.earliest > begun.now + SOON) return;
    this.isTold = true;
    this.scope.statements.send('SELECT pg_notify($1, $2)', [this.channel, this.sender]);
  }
}
