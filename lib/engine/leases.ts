import type { ClaimKey, Clock, Millis, Renewal, Store, Timer } from '../core/index.js';
import type { Dispatcher } from './dispatcher.js';
import { isHeldFor } from './due-line.js';
import type { LiveRun, StopCause } from './live-run.js';
import { nothing } from './patience.js';
import type { Patience } from './patience.js';
import type { SchedulerOptions } from './scheduler-parts.js';
import { settled } from './settled.js';
import { LeaseLostError } from './stop-errors.js';
import type { StoreHealth } from './store-health.js';
import type { StoreTime } from './store-time.js';

export interface LeaseParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly time: StoreTime;
  readonly health: StoreHealth;
  readonly patience: Patience;
  readonly dispatcher: Dispatcher;
  readonly options: Pick<SchedulerOptions, 'lease'>;
  /** Called with each round: the node's heartbeat. */
  beat(): void;
}

/**
 * Renews every claim that this node holds in one store, all in one statement, each third of a lease. A lease counts
 * from before its statement was sent, on the monotonic clock; when it ends, the handler is aborted.
 */
export class Leases {
  private timer: Timer | null = null;
  private isRenewing = false;
  /** Somebody may have changed claims since the round under way was sent: its answer says nothing of what has not started. */
  private isOutdated = false;
  private isOpen = false;
  /** When the last answered round was begun. */
  private renewedAt: Millis = -Infinity;
  /** When this process was last seen to move. */
  private movedAt: Millis = 0;
  /** Runs whose lease was too short to start: offered again once it is renewed. */
  private waiting: LiveRun[] = [];

  constructor(private readonly parts: LeaseParts) {}

  start(): void {
    this.isOpen = true;
    this.movedAt = this.parts.clock.monotonic();
    this.arm(this.parts.options.lease / 3);
  }

  stop(): void {
    this.isOpen = false;
    this.timer?.cancel();
    this.timer = null;
  }

  /** Runs of an executor that are offered a slot again when they have been renewed. */
  waitingOf(executor: string): number {
    return this.waiting.filter((run) => isHeldFor(run, executor)).length;
  }

  /** true: less than half of the lease is left; the run is offered a slot again when it has been renewed. */
  renewsFirst(run: LiveRun): boolean {
    if (run.leaseEnd - this.parts.clock.monotonic() >= this.parts.options.lease / 2) return false;
    this.waiting.push(run);
    this.renew();
    return true;
  }

  /**
   * This process stood still for longer than a lease: what it held is aborted and renewed before anything else, and
   * until that is answered it takes over no run, since these would be its own.
   */
  isLate(): boolean {
    const now = this.parts.clock.monotonic();
    if (now - this.renewedAt < this.parts.options.lease) return false;
    return this.some((run) => run.leaseEnd <= now && run.stopCause !== 'stoodStill');
  }

  /** false: what could be taken over now may be this node's own, and its handler may still go on. */
  mayTakeOver(): boolean {
    return !this.isLate() && !this.some((run) => run.stopCause === 'stoodStill');
  }

  /**
   * What stopped this process for a lease may have stopped the others too: they get one lease to renew theirs. A run whose
   * own lease ended in a standstill is lost, as it would be had the process died: its handler may be what blocked it.
   */
  noticeStandstill(): void {
    const { clock, health, options } = this.parts;
    const now = clock.monotonic();
    const still = now - this.movedAt;
    this.movedAt = now;
    if (still >= options.lease) health.cameBack();
    if (still >= options.lease / 2) this.endOverdueBy('stoodStill');
  }

  /** Aborts what ended, and asks whether it may go on. */
  catchUp(): void {
    this.endOverdue();
    this.renew();
  }

  /** Clocks have parted, or somebody changed claims: what has not started may no longer be ours. */
  distrust(): void {
    const now = this.parts.clock.monotonic();
    for (const run of this.parts.dispatcher.live.values()) {
      if (run.state === 'held') run.leaseEnd = Math.min(run.leaseEnd, now);
    }
    this.isOutdated = this.isRenewing;
    this.renew();
  }

  renew(): void {
    if (this.isRenewing) return;
    // A lost run is left to be taken over.
    const runs = [...this.parts.dispatcher.live.values()].filter((run) => run.stopCause !== 'stoodStill');
    if (runs.length === 0) {
      // What could not be renewed is settled or lost by now.
      this.parts.health.answered('renew');
      return;
    }
    this.isRenewing = true;
    const { store, clock, time, health, patience } = this.parts;
    const { lease } = this.parts.options;
    const startedAt = clock.monotonic();
    settled(
      () => patience.await('a renewal', () => store.jobs.renew(claimsOf(runs), time.now() + lease), nothing),
      (renewals) => {
        this.isRenewing = false;
        health.answered('renew');
        this.renewedAt = startedAt;
        runs.forEach((run, index) => this.renewed(run, renewals[index], startedAt + lease));
        if (this.isOutdated) this.renewAgain();
        else this.offerAgain();
      },
      (error) => {
        this.isRenewing = false;
        this.isOutdated = false;
        health.failed('renew', error);
        this.endOverdue();
        this.arm(Math.min(health.wait('renew', Math.random()), this.untilNextEnd()));
      },
    );
  }

  private tick(): void {
    this.timer = null;
    this.catchUp();
    this.parts.beat();
    // A renewal may be on its way for longer than a lease lasts: then nothing but this timer ends what is overdue.
    this.arm(this.untilNextEnd());
  }

  private renewed(run: LiveRun, { held, cancelRequested }: Renewal, leaseEnd: Millis): void {
    // Settled while the statement was under way: its answer says nothing any more.
    if (run.state === 'closed') return;
    if (!held) this.parts.dispatcher.lose(run, 'another node has taken it over, or it was withdrawn');
    else if (!this.isOutdated || run.state !== 'held') run.leaseEnd = leaseEnd;
    if (held && cancelRequested) this.parts.dispatcher.cancel(run.claim.runId, null);
  }

  private renewAgain(): void {
    this.isOutdated = false;
    this.renew();
  }

  private offerAgain(): void {
    const { waiting } = this;
    this.waiting = [];
    for (const run of waiting) {
      if (run.state === 'held') this.parts.dispatcher.toSlot(run);
    }
  }

  /** At the lease's end the handler is aborted; its outcome is still offered to the store. */
  private endOverdue(): void {
    this.noticeStandstill();
    this.endOverdueBy('leaseEnded');
  }

  private endOverdueBy(cause: StopCause): void {
    const now = this.parts.clock.monotonic();
    for (const run of this.parts.dispatcher.live.values()) {
      if (run.leaseEnd <= now && run.state === 'running') run.stop(cause, new LeaseLostError(run.job.id, run.run.id));
    }
  }

  private some(test: (run: LiveRun) => boolean): boolean {
    for (const run of this.parts.dispatcher.live.values()) if (test(run)) return true;
    return false;
  }

  private untilNextEnd(): Millis {
    const now = this.parts.clock.monotonic();
    let wait = this.parts.options.lease / 3;
    for (const run of this.parts.dispatcher.live.values()) {
      if (run.state === 'running' && run.stopCause === null) wait = Math.min(wait, Math.max(0, run.leaseEnd - now));
    }
    return wait;
  }

  private arm(wait: Millis): void {
    this.timer?.cancel();
    this.timer = this.isOpen ? this.parts.clock.after(wait, () => this.tick()) : null;
  }
}

function claimsOf(runs: readonly LiveRun[]): ClaimKey[] {
  return runs.map((run) => run.claim);
}
