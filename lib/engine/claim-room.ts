import type { JobPlan, JobRecord } from '../core/index.js';

/**
 * Runs that wait are claimed whatever room their executor has, and what is too much goes back: at most so many, or as many as
 * the tightest executor has room for, in so many claims after one that brought too much.
 */
const SURPLUS = 16;
const WARY = 8;

/** Room for runs, by executor. */
export type Rooms = ReadonlyMap<string, { readonly room: number }>;

/**
 * Holds one claim to the room that each executor has: the claim's own limit is one number for all of them. A plan that
 * would make a run nobody here could start is left alone, for another node or for later; from then on the claim need not look
 * at jobs of that executor.
 */
export class ClaimRoom {
  private readonly left = new Map<string, number>();
  /** Executors by job, of what was admitted: a plan that is asked for again counts once. */
  private readonly admitted = new Map<string, string>();
  /** Executors of what was left alone. */
  private readonly refused = new Set<string>();
  /** Executors that the claim leaves out: those, what had no room at its begin, and what this node does not have. */
  private leftOut = new Set<string>();
  private wasFull = false;
  /** Claims that are still held to the tightest room. */
  private wary = 0;
  private most = 0;

  /** A claim begins. Answers what it is to leave alone, which grows. Of a single executor, its limit says all. */
  begin(rooms: Rooms, except: ReadonlySet<string>): ReadonlySet<string> {
    this.left.clear();
    this.admitted.clear();
    this.refused.clear();
    this.leftOut = new Set(except);
    let [widest, tightest] = [0, Infinity];
    for (const [name, { room }] of rooms) {
      if (rooms.size > 1) this.left.set(name, room);
      if (room === 0) this.leftOut.add(name);
      else tightest = Math.min(tightest, room);
      widest = Math.max(widest, room);
    }
    this.most = this.wary > 0 ? Math.min(widest, Math.max(tightest, SURPLUS)) : widest;
    if (this.wary > 0) this.wary--;
    this.wasFull = this.leftOut.size > except.size;
    return this.leftOut;
  }

  /** Claims, at most, in the claim that has begun. */
  get limit(): number {
    return this.most;
  }

  /** The claim brought runs for which there was no room. */
  broughtTooMuch(): void {
    this.wary = WARY;
  }

  /** false: no slot would be left for the run that the plan makes. */
  admits({ id, policy }: JobRecord, plan: JobPlan): boolean {
    if (this.left.size === 0) return true;
    this.takeBack(id);
    if (plan.runs.every((run) => run.isBuffered)) return true;
    const left = this.left.get(policy.executor);
    if (left === undefined) return true;
    if (left === 0) {
      this.refused.add(policy.executor);
      this.leftOut.add(policy.executor);
      return false;
    }
    this.left.set(policy.executor, left - 1);
    this.admitted.set(id, policy.executor);
    return true;
  }

  /** Jobs of some executor were left out, or alone. */
  get hasLeftSome(): boolean {
    return this.wasFull || this.refused.size > 0;
  }

  /** What was left alone would find a slot by now: handlers that end at once have left theirs. */
  hasRoomAgain(rooms: Rooms): boolean {
    for (const executor of this.refused) if (rooms.get(executor)!.room > 0) return true;
    return false;
  }

  private takeBack(id: string): void {
    const executor = this.admitted.get(id);
    if (executor === undefined) return;
    this.admitted.delete(id);
    this.left.set(executor, this.left.get(executor)! + 1);
  }
}
