import type { Instant, Millis } from '../core/index.js';
import type { LoopSite } from './loop-site.js';
import { nothing } from './patience.js';
import { isPromise, settled } from './settled.js';

/** A turn that comes so late may come before what others said meanwhile is heard. */
const LATE: Millis = 2;

const nextTurn = globalThis.setImmediate;

/** Starts what was claimed ahead when it falls due, once that is known to be this node's still. */
export class DueStarts {
  /** The store is asked, or listened to, before what is due starts. */
  isLooking = false;

  constructor(
    private readonly site: LoopSite,
    /** What was due is through. */
    private readonly done: () => void,
  ) {}

  start(): void {
    const { dispatcher, store, time } = this.site;
    const { nextDueAt } = dispatcher.line;
    const now = time.now();
    if (nextDueAt === null || nextDueAt > now || this.isLooking) return;
    if (!store.isShared) dispatcher.startDue(now);
    else if (store.jobs.watch !== undefined && now - nextDueAt > LATE) this.listenFirst(now);
    else this.look(now);
  }

  /** Messages that have arrived are read then: the first step may come before anything is read. */
  private listenFirst(now: Instant): void {
    this.isLooking = true;
    nextTurn(() => nextTurn(() => this.goOn(() => this.look(now))));
  }

  /** What was claimed ahead is asked for first where another node may have withdrawn it and had no way to say so. */
  private look(now: Instant): void {
    const { jobs } = this.site.store;
    const looked = jobs.hasForeignWrites?.() ?? jobs.watch === undefined;
    if (isPromise(looked)) this.lookLong(now, looked);
    else this.startLooked(now, looked);
  }

  private lookLong(now: Instant, looked: Promise<boolean>): void {
    this.isLooking = true;
    const seen = (hasWrites: boolean): void => this.goOn(() => this.startLooked(now, hasWrites));
    settled(
      () => this.site.patience.await('a look for withdrawn claims', () => looked, nothing),
      seen,
      () => seen(true),
    );
  }

  private goOn(go: () => void): void {
    this.isLooking = false;
    go();
    this.done();
  }

  /** What was due when the look began: nobody takes that back any more, so its answer holds. */
  private startLooked(dueAt: Instant, hasWrites: boolean): void {
    const { dispatcher, leases } = this.site;
    if (hasWrites) leases.doubt();
    leases.gather(() => dispatcher.startDue(dueAt));
  }
}
