import type { JobRecord } from '../../core/index.js';
import type { JobUpdate } from './session.js';

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
  let group: AdvanceGroup | undefined;
  for (const update of updates) {
    if (group === undefined || !isAlike(group, update)) {
      const { fireTime } = update.after;
      let near = byFireTime.get(fireTime);
      if (near === undefined) byFireTime.set(fireTime, (near = []));
      group = near.find((it) => isAlike(it, update));
      if (group === undefined) {
        group = newGroup(update);
        near.push(group);
        groups.push(group);
      }
    }
    group.updates.push(update);
    group.keys.push(update.job.key);
  }
  return groups;
}

function newGroup({ job, after }: JobUpdate): AdvanceGroup {
  const made = after.runCount - job.record.runCount;
  return { updates: [], keys: [], made, isFinished: after.status === 'finished' };
}

function isAlike(group: AdvanceGroup, { job, after }: JobUpdate): boolean {
  const first = group.updates[0].after;
  return (
    first.fireTime === after.fireTime &&
    first.dueAt === after.dueAt &&
    first.status === after.status &&
    group.made === after.runCount - job.record.runCount &&
    (!group.isFinished || (first.statusReason === after.statusReason && first.statusAt === after.statusAt))
  );
}
