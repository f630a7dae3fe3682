import type { JobPlan, JobRecord } from '../core/index.js';

/** Room for runs, by executor. */
export type Rooms = ReadonlyMap<string, { readonly room: number }>;

/**
 * Holds one claim to the room that each executor has: the claim's own limit is one number for all of them. A plan that
 * would make a run nobody here could start is left alone, for another node or for later.
 */
export class ClaimRoom {
  private readonly left = new Map<string, number>();
  /** Executors by job, of what was admitted: a plan that is asked for again counts once. */
  private readonly admitted = new Map<string, string>();
  /** Executors of what was left alone. */
  private readonly refused = new Set<string>();

  /** A claim begins. Of a single executor, its limit says all. */
  begin(rooms: Rooms): void {
    this.left.clear();
    this.admitted.clear();
    this.refused.clear();
    if (rooms.size > 1) for (const [name, { room }] of rooms) this.left.set(name, room);
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
      return false;
    }
    this.left.set(policy.executor, left - 1);
    this.admitted.set(id, policy.executor);
    return true;
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
