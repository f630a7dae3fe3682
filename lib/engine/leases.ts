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

/** A round of renewals that is on its way. */
interface Round {
  readonly runs: ReadonlySet<LiveRun>;
  readonly startedAt: Millis;
}

const NONE: readonly LiveRun[] = [];
/** However often others change something, all that is held is not renewed more often for it. */
const LOOK_EVERY: Millis = 1_000;

/**
 * Renews every claim that this node holds in one store, all in one statement, each third of a lease. A lease counts
 * from before its statement was sent, on the monotonic clock; when it ends, the handler is aborted.
 *
 * What has not started may be taken back. A run that is due and in doubt is asked for by itself, beside those rounds: it
 * waits for one answer, or for the rest of another one and its own, whatever else this node holds.
 */
export class Leases {
  private timer: Timer | null = null;
  private round: Round | null = null;
  /** How often claims may have been taken back so far; each run keeps up to where it is known to be ours. */
  private doubtCount = 0;
  /** Doubts came while a round was under way, and somebody wants to know before the runs are due. */
  private mustConfirm = false;
  /** The round under way asks for some runs only; all of them are asked for behind it. */
  private isPartial = false;
  private mustRenew = false;
  /** Leases cannot be counted over the round that is under way. */
  private isOutdated = false;
  private isCheckOutdated = false;
  private isGathering = false;
  /** The store failed: it is asked again by the timer, not by each run that falls due. */
  private isBackingOff = false;
  private isOpen = false;
  /** When the last answered round was begun. */
  private renewedAt: Millis = -Infinity;
  private tickedAt: Millis = 0;
  private beatenAt: Millis = -Infinity;
  /** When this process was last seen to move. */
  private movedAt: Millis = 0;
  /** Runs whose lease ended in a standstill: left to be taken over, once their handlers are through with it. */
  private readonly lost = new Set<LiveRun>();
  /** Runs that are to be cancelled, while the reason is read. */
  private readonly cancelling = new Set<LiveRun>();
  /** Due, and offered a slot again once they are known to be ours; those that are asked for now come first. */
  private waiting: LiveRun[] = [];
  private checking: readonly LiveRun[] = NONE;

  constructor(private readonly parts: LeaseParts) {}

  start(): void {
    this.isOpen = true;
    this.movedAt = this.parts.clock.monotonic();
    this.tickedAt = this.movedAt;
    this.arm(this.parts.options.lease / 3);
  }

  stop(): void {
    this.isOpen = false;
    this.timer?.cancel();
    this.timer = null;
  }

  /** Runs of an executor that are offered a slot again when they have been renewed. */
  waitingOf(executor: string): number {
    const count = (runs: readonly LiveRun[]): number => runs.filter((run) => isHeldFor(run, executor)).length;
    return count(this.waiting) + count(this.checking);
  }

  get doubts(): number {
    return this.doubtCount;
  }

  /** true: it is in doubt, or less than half of its lease is left; it is offered a slot again when it has been renewed. */
  renewsFirst(run: LiveRun): boolean {
    // It is settled as soon as the reason is read.
    if (this.cancelling.has(run)) return true;
    const left = run.leaseEnd - this.parts.clock.monotonic();
    if (run.doubts >= this.doubtCount && left >= this.parts.options.lease / 2) return false;
    this.waiting.push(run);
    if (!this.isGathering) this.check();
    return true;
  }

  /** Runs that `start` finds in doubt are asked for together. */
  gather(start: () => void): void {
    this.isGathering = true;
    try {
      start();
    } finally {
      this.isGathering = false;
    }
    this.check();
  }

  /** Somebody may have taken claims back: runs of which that is not known are asked for when they are due. */
  doubt(): void {
    this.doubtCount++;
  }

  /** Asks for what is in doubt, so that it starts on time if it is ours. */
  confirm(): void {
    this.mustConfirm = this.round !== null;
    if (this.round !== null || this.isBackingOff) return;
    const isAsked = new Set([...this.checking, ...this.waiting]);
    const runs = this.held().filter((run) => run.doubts < this.doubtCount && !isAsked.has(run));
    if (runs.length === 0) return;
    this.isPartial = true;
    this.renewRound(runs, () => undefined);
  }

  /**
   * This process stood still for longer than a lease: what it held is aborted and renewed before anything else, and
   * until that is answered it takes over no run, since these would be its own.
   */
  isLate(): boolean {
    const now = this.parts.clock.monotonic();
    if (now - this.renewedAt < this.parts.options.lease) return false;
    return this.parts.dispatcher.live.some((run) => run.leaseEnd <= now && !this.lost.has(run));
  }

  /** false: what could be taken over now may be this node's own, and its handler may still go on. */
  mayTakeOver(): boolean {
    for (const run of this.lost) if (run.state === 'closed') this.lost.delete(run);
    return this.lost.size === 0 && !this.isLate();
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

  /** Clocks have parted: leases may have ended that look as if they stood, and what has not started may be another's. */
  distrust(): void {
    const now = this.parts.clock.monotonic();
    for (const run of this.held()) run.leaseEnd = Math.min(run.leaseEnd, now);
    this.doubt();
    this.isOutdated = this.round !== null;
    this.isCheckOutdated = this.checking.length > 0;
    this.renew();
  }

  renew(): void {
    if (this.round !== null) {
      this.mustRenew = this.isPartial;
      return;
    }
    if (this.isBackingOff) return;
    const isAsked = new Set(this.checking);
    const runs = [...this.parts.dispatcher.live.values()].filter((run) => !this.lost.has(run) && !isAsked.has(run));
    // What could not be renewed is settled or lost by now.
    if (runs.length === 0) {
      this.parts.health.answered('renew');
      return;
    }
    this.isPartial = false;
    this.renewRound(runs, (startedAt) => (this.renewedAt = startedAt));
  }

  private renewRound(runs: readonly LiveRun[], answered: (startedAt: Millis) => void): void {
    this.round = { runs: new Set(runs), startedAt: this.parts.clock.monotonic() };
    this.mustConfirm = false;
    this.mustRenew = false;
    const doubts = this.doubtCount;
    this.ask(
      runs,
      (renewals, startedAt) => {
        this.round = null;
        answered(startedAt);
        const leaseEnd = this.isOutdated ? null : startedAt + this.parts.options.lease;
        runs.forEach((run, index) => this.renewed(run, renewals[index], { leaseEnd, doubts }));
        if (this.isOutdated || this.mustRenew) this.renewAgain();
        else if (this.mustConfirm) this.confirm();
      },
      () => {
        this.round = null;
        this.isOutdated = false;
      },
    );
  }

  /**
   * Nobody takes back a run that is due: one that is asked for then is ours, whatever changes later. A round that was sent
   * before may arrive after it, and then the lease is that round's: of a round that is long on its way the answer is awaited.
   */
  private check(): void {
    if (this.checking.length > 0 || this.waiting.length === 0 || this.isBackingOff) return;
    const { round } = this;
    const { lease } = this.parts.options;
    const mustAwait = round !== null && this.parts.clock.monotonic() - round.startedAt >= lease / 2;
    const runs = mustAwait ? this.waiting.filter((run) => !round.runs.has(run)) : this.waiting;
    if (runs.length === 0) return;
    this.waiting = mustAwait ? this.waiting.filter((run) => round.runs.has(run)) : [];
    this.checking = runs;
    this.ask(
      runs,
      (renewals, startedAt) => {
        this.checking = NONE;
        const isOutdated = this.isCheckOutdated;
        this.isCheckOutdated = false;
        runs.forEach((run, index) => {
          const from = round?.runs.has(run) === true ? round.startedAt : startedAt;
          const known = isOutdated ? { leaseEnd: null, doubts: -1 } : { leaseEnd: from + lease, doubts: Infinity };
          this.renewed(run, renewals[index], known);
        });
        this.gather(() => runs.forEach((run) => this.offerAgain(run)));
      },
      () => {
        this.checking = NONE;
        this.isCheckOutdated = false;
        this.waiting = [...runs, ...this.waiting];
      },
    );
  }

  private ask(
    runs: readonly LiveRun[],
    answered: (renewals: readonly Renewal[], startedAt: Millis) => void,
    failed: () => void,
  ): void {
    const { store, clock, time, health, patience, options } = this.parts;
    const startedAt = clock.monotonic();
    settled(
      () => patience.await('a renewal', () => store.jobs.renew(claimsOf(runs), time.now() + options.lease), nothing),
      (renewals) => {
        health.answered('renew');
        this.isBackingOff = false;
        answered(renewals, startedAt);
        this.check();
      },
      (error) => {
        failed();
        this.isBackingOff = true;
        health.failed('renew', error);
        this.endOverdue();
        this.arm(Math.min(health.wait('renew', Math.random()), this.untilNextEnd()));
      },
    );
  }

  /** Somebody changed something: a run may be asked to stop, or the application be paused. */
  lookSoon(): void {
    const wait = this.tickedAt + LOOK_EVERY - this.parts.clock.monotonic();
    this.beatenAt = -Infinity;
    if (wait > 0) this.arm(Math.min(wait, this.untilNextEnd()));
    else this.tick();
  }

  private tick(): void {
    this.tickedAt = this.parts.clock.monotonic();
    this.isBackingOff = false;
    this.catchUp();
    this.check();
    this.beatIfDue();
    // A renewal may be on its way for longer than a lease lasts: then nothing but this timer ends what is overdue.
    this.arm(this.untilNextEnd());
  }

  /** A beat also tells of a pause. Where others would say that there is one, each second round is enough to be seen by. */
  private beatIfDue(): void {
    const { clock, health, options, store } = this.parts;
    const now = clock.monotonic();
    const isHearing = store.jobs.watch !== undefined && store.jobs.hasForeignWrites?.() === false;
    if (isHearing && !health.isFailing('beat') && now - this.beatenAt < options.lease / 2) return;
    this.beatenAt = now;
    this.parts.beat();
  }

  private renewed(run: LiveRun, { held, cancelRequested }: Renewal, { leaseEnd, doubts }: Answered): void {
    // Settled while the statement was under way: its answer says nothing any more.
    if (run.state === 'closed') return;
    if (!held) {
      this.parts.dispatcher.lose(run, 'another node has taken it over, or it was withdrawn');
      return;
    }
    if (leaseEnd !== null) {
      run.leaseEnd = leaseEnd;
      run.doubts = Math.max(run.doubts, doubts);
    }
    if (cancelRequested) this.cancel(run);
  }

  /** Somebody on another node asked for it, and left the reason with the run. */
  private cancel(run: LiveRun): void {
    if (run.stopCause !== null || this.cancelling.has(run)) return;
    this.cancelling.add(run);
    const { store, patience, dispatcher } = this.parts;
    const { runId } = run.claim;
    const end = (detail: string | null): void => {
      this.cancelling.delete(run);
      if (dispatcher.live.get(runId) === run) dispatcher.cancel(runId, detail);
    };
    settled(
      () => patience.await('a look at a cancelled run', () => store.history.find(runId), nothing),
      (found) => end(found?.detail ?? null),
      () => end(null),
    );
  }

  private renewAgain(): void {
    this.isOutdated = false;
    this.renew();
  }

  private offerAgain(run: LiveRun): void {
    if (run.state === 'held' && !this.cancelling.has(run)) this.parts.dispatcher.toSlot(run);
  }

  /** At the lease's end the handler is aborted; its outcome is still offered to the store. */
  private endOverdue(): void {
    this.noticeStandstill();
    this.endOverdueBy('leaseEnded');
  }

  private endOverdueBy(cause: StopCause): void {
    const now = this.parts.clock.monotonic();
    for (const run of this.parts.dispatcher.live.values()) {
      if (run.leaseEnd > now || run.state !== 'running') continue;
      run.stop(cause, new LeaseLostError(run.job.id, run.run.id));
      if (run.stopCause === 'stoodStill') this.lost.add(run);
    }
  }

  private held(): LiveRun[] {
    return [...this.parts.dispatcher.live.values()].filter((run) => run.state === 'held');
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

/** What an answer says of a run that is held; null: no lease can be counted from it. */
interface Answered {
  readonly leaseEnd: Millis | null;
  readonly doubts: number;
}

function claimsOf(runs: readonly LiveRun[]): ClaimKey[] {
  return runs.map((run) => run.claim);
}
