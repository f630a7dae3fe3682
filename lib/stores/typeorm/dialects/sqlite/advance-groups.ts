import type { JobRecord } from '../../../../core/index.js';
import type { JobUpdate } from '../../session.js';

/** Jobs that a plan moved alike. */
export interface AdvanceGroup {
  readonly updates: JobUpdate[];
  readonly keys: number[];
  /** Runs that the plan made of each. */
  readonly made: number;
  readonly isFinished: boolean;
}

/** Puts together what one statement can write: one-off jobs that end, jobs of one grid that move to the same fire time. */
export function advanceGroups(updates: readonly JobUpdate[]): AdvanceGroup[] {
  const groups: AdvanceGroup[] = [];
  const byFireTime = new Map<JobRecord['fireTime'], AdvanceGroup[]>();
  for (const update of updates) {
    const { fireTime } = update.after;
    let alike = byFireTime.get(fireTime);
    if (alike === undefined) byFireTime.set(fireTime, (alike = []));
    let group = alike.find((it) => isAlike(it, update));
    if (group === undefined) {
      const made = update.after.runCount - update.job.record.runCount;
      group = { updates: [], keys: [], made, isFinished: update.after.status === 'finished' };
      alike.push(group);
      groups.push(group);
    }
    group.updates.push(update);
    group.keys.push(update.job.key);
  }
  return groups;
}

function isAlike(group: AdvanceGroup, { job, after }: JobUpdate): boolean {
  const first = group.updates[0].after;
  return (
    first.dueAt === after.dueAt &&
    first.status === after.status &&
    group.made === after.runCount - job.record.runCount &&
    (!group.isFinished || (first.statusReason === after.statusReason && first.statusAt === after.statusAt))
  );
}
