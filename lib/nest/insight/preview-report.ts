import { noteOf, wallTime } from '../../triggers/index.js';
import type { WallRule } from '../../triggers/index.js';
import type { Preview, PreviewEntry } from '../registry/insight.js';

/** A fire time to come, on a wall clock. */
export interface ReportedFire extends PreviewEntry {
  /** `2026-03-29 03:30:00` in the report's zone. */
  readonly local: string;
  /** `+02:00`. */
  readonly offset: string;
  /** What a change of its trigger's own clocks does to it; null: nothing. */
  readonly clockChange: string | null;
}

/** How much is due in one minute. */
export interface MinuteLoad {
  readonly minute: Date;
  readonly fires: number;
}

/** Jobs that are due at the same instant. */
export interface Collision {
  readonly at: Date;
  readonly jobIds: readonly string[];
}

/** What would run between two instants. */
export interface PreviewReport {
  readonly timezone: string;
  readonly fires: readonly ReportedFire[];
  /** Minutes in which something is due, in their order. */
  readonly load: readonly MinuteLoad[];
  readonly collisions: readonly Collision[];
  /** true: there is more than the 10,000 fire times that one preview answers. */
  readonly isCut: boolean;
}

const MINUTE = 60_000;

/**
 * @param rulesOf what of a job's trigger goes by a wall clock: by it changes of the clocks are judged
 */
export function previewReport(
  entries: Preview,
  { timezone, rulesOf }: { timezone: string; rulesOf: (jobId: string) => readonly WallRule[] },
): PreviewReport {
  const fires = entries.map((entry): ReportedFire => {
    const at = entry.fireTime.getTime();
    const { text, offset } = wallTime(at, timezone);
    return { ...entry, local: text, offset, clockChange: noteOf(rulesOf(entry.jobId), at) };
  });
  const byMinute = grouped(entries, (at) => Math.floor(at / MINUTE) * MINUTE);
  const byInstant = [...grouped(entries, (at) => at)].filter(([, jobIds]) => jobIds.length > 1);
  return {
    timezone,
    fires,
    load: [...byMinute].map(([minute, jobIds]) => ({ minute: new Date(minute), fires: jobIds.length })),
    collisions: byInstant.map(([at, jobIds]) => ({ at: new Date(at), jobIds })),
    isCut: entries.isCut,
  };
}

function grouped(entries: readonly PreviewEntry[], keyOf: (at: number) => number): Map<number, string[]> {
  const groups = new Map<number, string[]>();
  const byTime = [...entries].sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime());
  for (const { jobId, dueAt } of byTime) {
    const key = keyOf(dueAt.getTime());
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [jobId]);
    else group.push(jobId);
  }
  return groups;
}
