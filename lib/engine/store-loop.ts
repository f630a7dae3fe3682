import type { Awaitable, Claim, ClaimRequest, ClaimResult, Instant, Millis, PlanRuns, Timer } from '../core/index.js';
import { DueStarts } from './due-starts.js';
import type { LoopSite } from './loop-site.js';
import { isPromise, then } from './settled.js';
import type { TakenAlong } from './settle-queue.js';
import { NO_TIME } from './store-time.js';

/** Batches in one turn of a store that answers at once; then other work of the process gets its turn. */
const BATCHES_A_TURN = 20;
/** The same of a store of this process, whose batches are small. */
const BATCHES_A_TURN_HERE = 200;
/** When a claim brings nothing though something is due, it is not repeated at once. */
const FRUITLESS_WAIT: Millis = 250;
/** How often the time is asked for at a start, until an answer comes soon enough to be believed. */
const MEASUREMENTS = 4;
const FOREVER = 8_640_000_000_000_000;

/**
 * The one loop of a store: claim what is due, hand it over, sleep until the next fire time or a wake-up. With a store
 * of this process nothing is awaited from the timer's callback to the first line of a handler.
 */
export class StoreLoop {
  private timer: Timer | null = null;
  private timerAt: Instant = FOREVER;
  /** Store time of the next claim. */
  private claimAt: Instant = -FOREVER;
  private isOpen = false;
  private takesTurn = false;
  /** Limits of the claims that are on their way. */
  private readonly asked: number[] = [];
  /** The last claim left something that is due. */
  private isBehind = false;
  /** No room is left beside the claims that are on their way. */
  private isCrowded = false;
  /** Nothing may be claimed until there is room; cramped: some executor has none. */
  private isStarved = false;
  private isCramped = false;
  /** All that the last claim left is known by its time: room is no reason to look for it before. */
  private knowsLeft = false;
  private mustMeasure = false;
  private failure: unknown = null;
  /** Claims that may still be made before other work of the process gets its turn. */
  private batchesLeft = BATCHES_A_TURN;

  /** A claim is on its way; after `stop` its runs are given back. */
  get isClaiming(): boolean {
    return this.asked.length > 0;
  }

  /** Nothing is on its way, and the store told of nothing that is due by now. */
  get isResting(): boolean {
    return !this.isClaiming && (!this.isOpen || this.claimAt > this.site.time.now());
  }

  private readonly starts: DueStarts;

  constructor(
    private readonly site: LoopSite,
    private readonly plan: PlanRuns,
  ) {
    this.starts = new DueStarts(site, () => this.turnNow());
  }

  start(): void {
    this.isOpen = true;
    this.wake();
  }

  /** Claims no more; what was claimed before still starts when it is due, unless it is given back. */
  stop(): void {
    this.isOpen = false;
    this.timer?.cancel();
    this.timer = null;
  }

  /** Ends the sleep: something changed. */
  wake(): void {
    this.wakeBy(-FOREVER);
  }

  /** Takes its turn before this call returns; inside of one, that one or the next sees to it. */
  turnNow(): void {
    if (this.isOpen && !this.takesTurn) this.turn();
  }

  /** Claims at once where outcomes can be written in the same step; false: nothing is to be claimed now. */
  claimAlong(): boolean {
    if (!this.isOpen || this.takesTurn || this.isClaiming || this.isStarved || this.batchesLeft <= 0) return false;
    if (!this.settlesWithClaims || this.site.time.now() < this.claimAt) return false;
    this.goThroughTurn();
    return true;
  }

  /** Sleeps no longer than until `instant`, in store time. */
  wakeBy(instant: Instant): void {
    if (instant < this.claimAt) this.claimAt = instant;
    this.arm();
  }

  /** There is room again: a slot became free, or outcomes were written. */
  roomMade(): void {
    if (!this.isStarved && !this.isCramped) return;
    this.isStarved = false;
    this.isCramped = false;
    if (this.knowsLeft) this.arm();
    else this.wake();
  }

  /** Asks the store for its time and nothing else; fails when it cannot be had, for this machine's clock is another one. */
  measure(tries = MEASUREMENTS): Awaitable<void> {
    if (tries === MEASUREMENTS) this.mustMeasure = true;
    return then(this.ask(MEASURING), () => {
      // An answer that was long on its way says little of the time; another one may be quicker.
      if (tries > 1 && (this.mustMeasure || this.site.time.isVague)) return this.measure(tries - 1);
      if (this.mustMeasure) throw this.failure;
    });
  }

  /** Outcomes that come now are written at its end. */
  get isInTurn(): boolean {
    return this.takesTurn;
  }

  private get settlesWithClaims(): boolean {
    return this.site.store.jobs.settlesWithClaims === true;
  }

  private turn(): void {
    this.batchesLeft = this.site.store.isShared ? BATCHES_A_TURN : BATCHES_A_TURN_HERE;
    this.goThroughTurn();
  }

  private goThroughTurn(): void {
    // Armed still, when this turn follows from a claim's answer.
    this.timer?.cancel();
    this.timer = null;
    const { site } = this;
    this.takesTurn = true;
    try {
      if (site.store.isShared) this.checkClocks();
      this.starts.start();
      if (this.mayAsk() && site.time.now() >= this.claimAt) this.claimBatches();
    } finally {
      // Whatever has failed: outcomes wait for this, and the next turn for its timer.
      site.settles.flush();
      this.takesTurn = false;
      this.arm();
      site.turned();
    }
  }

  /** A step of the wall clock, or a standstill, may have ended leases that nobody gave up. */
  private checkClocks(): void {
    const { time, leases, health } = this.site;
    leases.noticeStandstill();
    if (time.hasParted()) {
      this.mustMeasure = true;
      health.cameBack();
      leases.distrust();
    }
    if (leases.isLate()) leases.catchUp();
  }

  private claimBatches(): void {
    while (this.batchesLeft > 0 && this.isOpen) {
      const request = this.nextRequest();
      if (request === null) return;
      this.batchesLeft--;
      this.claimAt = FOREVER;
      const along = this.settlesWithClaims && request !== MEASURING ? this.site.settles.takeAlong() : null;
      const answer = this.ask(request, along);
      if (isPromise(answer)) {
        const { limit } = request;
        this.asked.push(limit);
        void answer.then(() => this.goOn(limit));
        if (!this.mayAsk()) return;
        continue;
      }
      if (this.claimAt > this.site.time.now()) return;
    }
  }

  /** One claim after the other; while this node is behind, the next one is read while the last is made durable. */
  private mayAsk(): boolean {
    if (!this.isClaiming) return true;
    return this.isBehind && !this.isCrowded && this.asked.length < (this.site.store.jobs.claimsAtOnce ?? 1);
  }

  private goOn(limit: number): void {
    this.asked.splice(this.asked.indexOf(limit), 1);
    this.isCrowded = false;
    if (this.isOpen) this.turn();
    else {
      this.site.settles.flush();
      this.site.turned();
    }
  }

  private ask(terms: ClaimRequest, along: TakenAlong | null = null): Awaitable<void> {
    const sent = { at: this.site.clock.monotonic(), doubts: this.site.leases.doubts };
    const request = along === null ? terms : { ...terms, settlements: along.settlements };
    let unwritten = along;
    const claimed = (result: ClaimResult): void => {
      unwritten = null;
      along?.written(result.settled ?? []);
      this.claimed(request, result, sent);
    };
    const failed = (error: unknown): void => {
      unwritten?.failed(error);
      this.claimFailed(error);
    };
    try {
      const answer = this.site.patience.await(
        'a claim',
        () => this.site.store.jobs.claimDue(request, this.plan),
        (late) => this.site.dispatcher.giveBack(late.claims),
      );
      return isPromise(answer) ? answer.then(claimed).catch(failed) : claimed(answer);
    } catch (error) {
      failed(error);
    }
  }

  private claimed(request: ClaimRequest, result: ClaimResult, sent: Sent): void {
    const { site } = this;
    site.health.answered('claim');
    if (result.storeNow !== null) site.time.measured(request.now, result.storeNow, sent.at, result.storeReadWithin);
    if (request === MEASURING) {
      this.mustMeasure = false;
      this.wake();
      return;
    }
    site.claimTold(result);
    const { isShared } = site.store;
    let areAllKept = false;
    if (this.isOpen) areAllKept = this.accept(result.claims, request.now, sent);
    else site.dispatcher.giveBack(result.claims);
    // What this claim left alone, or gave back, is no longer to be found by its time alone.
    if (isShared) this.isCramped ||= site.isCramped();
    this.knowsLeft = areAllKept && site.leftNoneForRoom(request);
    const nextAt = this.nextClaimAt(result);
    this.isBehind = result.hasMore && !broughtNothing(result) && nextAt <= site.time.now();
    this.claimAt = Math.min(this.claimAt, nextAt, this.pauseEnd());
    // The next claim takes along what has ended by then.
    if (!this.settlesWithClaims || this.claimAt > site.time.now()) site.settles.flush();
  }

  /** false: some were given back. */
  private accept(claims: readonly Claim[], claimedAt: Instant, { at, doubts }: Sent): boolean {
    const { dispatcher, leases, options, store } = this.site;
    if (!store.isShared) return dispatcher.accept(claims, { claimedAt, leaseEnd: Infinity, doubts });
    let areAllKept = true;
    leases.gather(() => {
      areAllKept = dispatcher.accept(claims, { claimedAt, leaseEnd: at + options.lease, doubts });
    });
    if (store.jobs.watch !== undefined && leases.doubts > doubts) leases.confirm();
    return areAllKept;
  }

  private pauseEnd(): Instant {
    const endsAt = this.site.pauseEndsAt();
    return endsAt === null || endsAt <= this.site.time.now() ? FOREVER : endsAt;
  }

  private claimFailed(error: unknown): void {
    this.failure = error;
    this.isBehind = false;
    this.site.health.failed('claim', error);
    this.claimAt = this.site.time.now() + this.site.health.wait('claim', Math.random());
  }

  /** null: this node may not claim now. */
  private nextRequest(): ClaimRequest | null {
    if (this.mustMeasure) return MEASURING;
    const { site } = this;
    const now = site.time.now();
    const terms = site.claimTerms(now, this.asked);
    if (this.isClaiming) {
      this.isCrowded = terms === null;
    } else {
      this.isStarved = terms === null;
      this.isCramped = terms !== null && terms.isCramped;
      // This claim leaves things out for want of a slot: one that becomes free before its answer is a reason to look again.
      if (this.isCramped) this.knowsLeft = false;
    }
    if (terms === null) return null;
    const { node, limit, exceptTasks, exceptExecutors, isPaused } = terms;
    const { lease, lookAhead } = site.options;
    const shared = site.store.isShared;
    return {
      node,
      limit,
      exceptTasks,
      exceptExecutors,
      isPaused,
      now,
      until: shared ? now + lookAhead : now,
      leaseUntil: shared ? now + lease : FOREVER,
      recoverBefore: shared && site.health.mayRecover(lease) && site.leases.mayTakeOver() ? now : null,
    };
  }

  private nextClaimAt(result: ClaimResult): Instant {
    const now = this.site.time.now();
    const { nextDueAt } = result;
    const { isShared } = this.site.store;
    const soon = now + (isShared ? this.site.options.lookAhead / 4 : 0);
    const isLeft = result.hasMore && (nextDueAt === null || nextDueAt <= soon);
    if (isLeft || this.site.leftWhatFits() || (nextDueAt !== null && nextDueAt <= now)) {
      return broughtNothing(result) ? now + FRUITLESS_WAIT : now;
    }
    if (!isShared) return nextDueAt ?? FOREVER;
    // The limit was reached: the rest of the window is claimed many at a time, when the first of it is near.
    if (result.hasMore) return nextDueAt! - this.site.options.lookAhead / 4;
    return Math.min(now + this.pollAfter(nextDueAt), this.lookAheadAt(nextDueAt, now));
  }

  /**
   * A look-ahead before it is due, but not for each of many fire times a claim of its own: what lies within a window
   * that was claimed already (it waits for an open run to end) is claimed when it is due.
   */
  private lookAheadAt(nextDueAt: Instant | null, now: Instant): Instant {
    if (nextDueAt === null) return FOREVER;
    const { lookAhead } = this.site.options;
    return Math.min(nextDueAt, Math.max(nextDueAt - lookAhead, now + lookAhead / 2));
  }

  /** With a random part, so that nodes started together do not ask together (P21). */
  private pollAfter(nextDueAt: Instant | null): Millis {
    const { poll, idlePoll, pollWithoutWake } = this.site.options;
    const canWake = this.site.store.jobs.watch !== undefined;
    const wait = nextDueAt === null ? idlePoll : poll;
    // Where nobody is woken, others wait for this look: it comes no later than that.
    if (!canWake) return Math.min(wait, pollWithoutWake) * (0.8 + 0.2 * Math.random());
    return wait * (0.9 + 0.2 * Math.random());
  }

  private arm(): void {
    if (this.takesTurn || !this.isOpen) return;
    const claimAt = !this.mayAsk() || this.isStarved ? FOREVER : this.claimAt;
    const startAt = this.starts.isLooking ? null : this.site.dispatcher.line.nextDueAt;
    const at = Math.min(claimAt, startAt ?? FOREVER);
    if (this.timer !== null && this.timerAt === at) return;
    this.timer?.cancel();
    this.timerAt = at;
    this.timer = at === FOREVER ? null : this.timerFor(at);
  }

  /** A store of this process goes by the wall clock; any other is looked at by elapsed time, which never steps (P4). */
  private timerFor(at: Instant): Timer {
    const { clock, time, store, options } = this.site;
    const wait = at - time.now();
    const turn = (): void => this.turn();
    if (wait <= 0) return clock.after(0, turn);
    return store.isShared ? clock.after(Math.min(wait, options.idlePoll), turn) : clock.wakeAt(at, turn);
  }
}

/** When a request left, on the monotonic clock, and the doubts of then. */
interface Sent {
  readonly at: Millis;
  readonly doubts: number;
}

const MEASURING: ClaimRequest = {
  node: '',
  limit: 1,
  exceptTasks: new Set(),
  exceptExecutors: new Set(),
  isPaused: false,
  now: NO_TIME,
  until: NO_TIME,
  leaseUntil: NO_TIME,
  recoverBefore: null,
};

function broughtNothing({ claims, skipped, finished }: ClaimResult): boolean {
  return claims.length + skipped.length + finished.length === 0;
}
