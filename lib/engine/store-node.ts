import type {
  Awaitable,
  ClaimRequest,
  ClaimResult,
  Clock,
  Instant,
  JobPause,
  JobRecord,
  Millis,
  Settlement,
  Store,
  Timer,
} from '../core/index.js';
import { ClaimRoom } from './claim-room.js';
import { Dispatcher } from './dispatcher.js';
import type { DispatchSite } from './dispatch-site.js';
import type { Facts } from './facts.js';
import { Heartbeat } from './heartbeat.js';
import { JobEnds } from './job-ends.js';
import { Leases } from './leases.js';
import type { LiveRun } from './live-run.js';
import type { ClaimTerms, LoopSite } from './loop-site.js';
import { nothing, Patience } from './patience.js';
import { PlanCalls } from './plan-calls.js';
import { isPausedAt } from './plan-draft.js';
import type { SchedulerOptions, SchedulerParts } from './scheduler-parts.js';
import { SettleQueue } from './settle-queue.js';
import { settled, then } from './settled.js';
import type { Slots } from './slots.js';
import { starting } from './start-errors.js';
import { StoreHealth } from './store-health.js';
import { StoreLoop } from './store-loop.js';
import { StoreTime } from './store-time.js';
import { FinishedJobs } from './upkeep/finished-jobs.js';
import { Upkeep } from './upkeep/upkeep.js';
import { aheadOfOften, isAhead, withdrawAhead, withdrawOwn } from './withdraw-ahead.js';

const NONE: ReadonlySet<string> = new Set();
/**
 * Claims in one step of a store of this process, where a step costs no round trip. Of few runs less is there for the garbage
 * collector to keep, and what they made is likelier to be in the processor's cache when they are settled.
 */
const CLAIMS_HERE = 50;
/** Then there is time left to give the runs back one by one, before a stop waits no longer. */
const GIVEN_BACK_IN: Millis = 2_000;

/** What the stores of one scheduler share. */
export interface SharedParts {
  readonly parts: SchedulerParts;
  readonly facts: Facts;
  readonly slots: ReadonlyMap<string, Slots>;
  /** Something ended or was settled: who waits for quiet looks again. */
  readonly changed: () => void;
  /** A store that other nodes write to told of another pause of the application. */
  readonly pauseRead: (pause: JobPause | null) => void;
}

/** One store on this node: its loop, its claims and its outcomes. */
export class StoreNode implements DispatchSite, LoopSite {
  readonly parts: SchedulerParts;
  readonly facts: Facts;
  readonly slots: ReadonlyMap<string, Slots>;
  readonly clock: Clock;
  readonly options: SchedulerOptions;
  readonly time: StoreTime;
  readonly health: StoreHealth;
  readonly patience: Patience;
  readonly settles: SettleQueue;
  readonly dispatcher: Dispatcher;
  readonly loop: StoreLoop;
  readonly leases: Leases;
  readonly ends: JobEnds;
  private readonly heartbeat: Heartbeat;
  private readonly upkeep: Upkeep;
  private readonly finishedJobs: FinishedJobs;
  private readonly plans: PlanCalls;
  readonly room = new ClaimRoom();
  readonly exceptTasks = new Set<string>();
  readonly exceptExecutors = new Set<string>();
  /** The application's paused flag, as last read. */
  pause: JobPause | null = null;
  private hasBuffered = false;
  private isJoined = false;
  private isEnding = false;
  /** What was claimed ahead is being taken back for this node's stop. */
  private isGivingBack = false;
  private readonly timers = new Set<Timer>();
  private unwatch: (() => void) | null = null;

  constructor(
    readonly store: Store,
    private readonly shared: SharedParts,
  ) {
    const { parts, facts, slots } = shared;
    this.parts = parts;
    this.facts = facts;
    this.slots = slots;
    this.clock = parts.clock;
    this.options = parts.options;
    this.time = new StoreTime(parts.clock);
    this.health = new StoreHealth(store.alias, parts.clock, facts);
    this.patience = new Patience(store.alias, parts.clock);
    this.dispatcher = new Dispatcher(this);
    this.settles = new SettleQueue(this, (run, settlement, isHeld) => this.dispatcher.settled(run, settlement, isHeld));
    this.ends = new JobEnds(this);
    this.plans = new PlanCalls(this);
    this.loop = new StoreLoop(this, this.plans.plan);
    this.leases = new Leases(this);
    const onPause = (pause: JobPause | null): void => this.pauseRead(pause);
    this.heartbeat = new Heartbeat({
      parts,
      store,
      time: this.time,
      health: this.health,
      patience: this.patience,
      later: (wait, go) => this.later(wait, go),
      onPause,
    });
    this.upkeep = new Upkeep(this);
    this.finishedJobs = new FinishedJobs(this);
    if (store.isShared) {
      for (const [name, own] of slots)
        own.promise(() => this.dispatcher.line.countOf(name) + this.leases.waitingOf(name));
    }
  }

  /** Creates the schema, and learns the store's time before anything is judged by it. */
  open(): Awaitable<void> {
    const opened = starting({ store: this.store.alias, doing: 'it was opened' }, () => this.store.jobs.open());
    const asked = { store: this.store.alias, doing: 'its time was asked for' };
    return then(opened, () => (this.store.isShared ? starting(asked, () => this.loop.measure()) : undefined));
  }

  /** Becomes a live node of the application, and learns whether that is paused. */
  join(codeJobIds: readonly string[]): Awaitable<void> {
    const step = { store: this.store.alias, doing: 'this node was entered in its list' };
    return starting(step, () => this.heartbeat.join(codeJobIds));
  }

  writePause(pause: JobPause | null): Awaitable<void> {
    return then(this.store.nodes.writePause(pause), () => {
      this.pause = pause;
      this.heartbeat.pauseWritten();
      this.loop.wake();
    });
  }

  start(): void {
    this.isJoined = true;
    if (this.store.isShared) {
      this.leases.start();
      this.upkeep.start();
      this.unwatch =
        this.store.jobs.watch?.(
          () => this.woken(),
          () => this.leases.doubt(),
        ) ?? null;
    }
    this.loop.start();
  }

  beat(): void {
    this.heartbeat.beat();
  }

  /** Calls back once after a while, unless the node stops before. */
  later(wait: Millis, go: () => void): void {
    // A start may be answered after the stop that it met.
    if (this.isEnding) return;
    const timer = this.clock.after(wait, () => {
      this.timers.delete(timer);
      go();
    });
    this.timers.add(timer);
  }

  /** Claims no more and gives back what has not started. */
  stopClaiming(): void {
    this.isEnding = true;
    for (const timer of this.timers) timer.cancel();
    this.timers.clear();
    this.loop.stop();
    this.giveBackAhead();
    this.settles.flush();
  }

  /** Every outcome is written, and nothing is on its way that gives claims back. */
  get isSettled(): boolean {
    return this.settles.size === 0 && !this.loop.isClaiming && !this.isGivingBack;
  }

  private giveBackAhead(): void {
    const ahead = this.store.isShared
      ? aheadOfOften(this.dispatcher.live.values(), this.time.now())
      : new Set<LiveRun>();
    this.dispatcher.releaseHeld(null, ahead);
    if (ahead.size === 0) return;
    this.isGivingBack = true;
    const ids = [...new Set([...ahead].map((run) => run.claim.jobId))];
    const given = (taken: ReadonlySet<string>): void => {
      // The stop may have been over first.
      if (!this.isGivingBack) return;
      this.isGivingBack = false;
      for (const run of ahead) if (taken.has(run.claim.jobId)) this.dispatcher.forgo(run);
      this.dispatcher.releaseHeld();
      this.settles.flush();
      this.shared.changed();
    };
    settled(
      () => this.patience.await('a stop', () => withdrawOwn(this, this.parts.node.id, ids), nothing, GIVEN_BACK_IN),
      given,
      // They can be given back one by one, or wait for their leases to end.
      () => given(NONE),
    );
  }

  /** From here on nothing is asked of the store but what a stop asks. */
  endTimers(): void {
    this.isGivingBack = false;
    this.leases.stop();
    this.upkeep.stop();
    this.settles.close();
    this.patience.close();
    this.unwatch?.();
  }

  /** This process is no longer a live node. */
  async leave(limit: Millis): Promise<void> {
    if (this.isJoined)
      await this.patience.await('the leave of this node', () => this.heartbeat.leave(), nothing, limit);
  }

  /** Gives the store back. */
  async close(limit: Millis): Promise<void> {
    await this.patience.await('its close', () => this.store.jobs.close(), nothing, limit);
  }

  /** Somebody may have taken back claims whose start is still to come: those of this node are looked at. */
  claimsChanged(): void {
    if (!this.store.isShared) return;
    this.leases.doubt();
    this.leases.confirm();
  }

  /** Runs are buffered behind any kind of run from now on: each close may make one due. */
  sawBuffered(): void {
    this.hasBuffered = true;
  }

  /** A job has no fire time to come any more: in a store of this process it goes one day. */
  cameToEnd(job: JobRecord): void {
    if (!this.store.isShared) this.finishedJobs.add(job);
  }

  renewsFirst(run: LiveRun): boolean {
    return this.store.isShared && this.leases.renewsFirst(run);
  }

  followUp(run: LiveRun, settlement: Settlement): void {
    if (settlement.kind !== 'outcome') {
      this.loop.wakeBy(settlement.dueAt);
    } else {
      if (run.isLast) this.ends.settled(run.job, run.run);
      if (settlement.afterwards?.finished !== undefined) this.cameToEnd(run.job);
      const dueAt = settlement.afterwards?.dueAt;
      if (dueAt !== undefined && dueAt !== null) this.loop.wakeBy(dueAt);
      if (this.hasBuffered || mayPromote(run)) this.loop.wake();
    }
    this.loop.roomMade();
    this.shared.changed();
  }

  turned(): void {
    this.shared.changed();
  }

  pauseEndsAt(): Instant | null {
    return this.pause?.until ?? null;
  }

  claimAlong(): boolean {
    return this.loop.claimAlong();
  }

  get isInTurn(): boolean {
    return this.loop.isInTurn;
  }

  claimTerms(now: Instant, asked: readonly number[]): ClaimTerms | null {
    if (this.settles.isFull) return null;
    this.forgetKnownTasks();
    const { claimBatch } = this.options;
    if (asked.length > 0 && !this.hasRoomBeside(asked)) return null;
    let full: Set<string> | null = null;
    let isAnyFree = false;
    for (const [name, slots] of this.slots) {
      if (this.roomOf(slots) > 0) isAnyFree = true;
      else full = (full ?? new Set<string>(this.exceptExecutors)).add(name);
    }
    if (!isAnyFree) return null;
    const { isShared } = this.store;
    // Begun first: what it answers, and its limit, are of this claim.
    const leftOut = isShared ? this.room.begin(this.slots, this.exceptExecutors) : (full ?? this.exceptExecutors);
    return {
      node: this.parts.node.id,
      exceptTasks: this.exceptTasks.size === 0 ? NONE : this.exceptTasks,
      exceptExecutors: leftOut,
      limit: Math.min(claimBatch, isShared ? this.room.limit : CLAIMS_HERE),
      isPaused: isPausedAt(this.pause, now),
      isCramped: full !== null,
    };
  }

  /**
   * For as much again as was asked for last: of several executors nobody knows yet whose room that takes. Where outcomes are
   * written more slowly than runs are claimed, another claim would only make the line of them longer.
   */
  private hasRoomBeside(asked: readonly number[]): boolean {
    if (this.slots.size > 1 || this.settles.size > 3 * this.options.claimBatch) return false;
    const [slots] = this.slots.values();
    return this.roomOf(slots) >= asked.reduce((sum, limit) => sum + limit, asked[asked.length - 1]);
  }

  /** Some executor has no room, or none any more: whoever leaves a slot of it wakes the loop. */
  isCramped(): boolean {
    for (const slots of this.slots.values()) if (slots.room === 0) return true;
    return false;
  }

  leftNoneForRoom({ exceptExecutors }: ClaimRequest): boolean {
    return this.store.isShared ? !this.room.hasLeftSome : exceptExecutors === this.exceptExecutors;
  }

  leftWhatFits(): boolean {
    return this.store.isShared && this.room.hasRoomAgain(this.slots);
  }

  claimTold(result: ClaimResult): void {
    const { skipped, cancelled, finished } = result;
    this.plans.followUp();
    this.ends.claimed(finished);
    for (const job of finished) this.cameToEnd(job);
    for (const run of skipped) this.facts.tell('run.skipped', { store: this.store.alias, run, detail: run.detail });
    for (const { runId } of cancelled) this.dispatcher.cancel(runId, 'replaced by a newer run');
    // Asked for before this node knew of the pause.
    if (this.store.isShared && isPausedAt(this.pause, this.time.now())) this.takeBack(result.claims);
  }

  /** Runs of a shared store are left to nodes that can start them; those of this process wait here, up to a batch. */
  private roomOf(slots: Slots): number {
    return this.store.isShared ? slots.room : Math.max(0, this.options.claimBatch - slots.waiting);
  }

  private forgetKnownTasks(): void {
    for (const task of this.exceptTasks) {
      if (this.parts.tasks.resolve(task) !== null) this.exceptTasks.delete(task);
    }
  }

  private pauseRead(pause: JobPause | null): void {
    const isChanged = pause?.at !== this.pause?.at || pause?.until !== this.pause?.until;
    this.pause = pause;
    if (!isChanged) return;
    this.loop.wake();
    if (!this.store.isShared) return;
    if (isPausedAt(pause, this.time.now())) this.takeBack([...this.dispatcher.live.values()]);
    this.shared.pauseRead(pause);
  }

  /** The application is paused: what this node holds ahead of it is not to start. */
  private takeBack(held: readonly Pick<LiveRun, 'run' | 'job'>[]): void {
    const now = this.time.now();
    const ahead = held.filter(({ run, job }) => isAhead(run, now) && !job.policy.evenInMaintenanceMode);
    if (ahead.length === 0) return;
    settled(
      () => withdrawAhead(this, [...new Set(ahead.map(({ job }) => job.id))]),
      () => {
        this.health.answered('change');
        this.claimsChanged();
      },
      (error) => this.health.failed('change', error),
    );
  }

  /** Another node changed something: jobs, claims, whether a run is to stop or the application is paused. */
  private woken(): void {
    this.claimsChanged();
    this.leases.lookSoon();
    this.loop.wake();
  }
}

/** Closing this run may have made a buffered one due. */
function mayPromote({ job, run }: LiveRun): boolean {
  const { overlap, coalesce } = job.policy;
  return run.kind === 'backfill' || !coalesce || (overlap !== 'skip' && overlap !== 'allowAll');
}
