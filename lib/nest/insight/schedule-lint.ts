import { CronTrigger, firstClockChange } from '../../triggers/index.js';
import type { Instant, JobRecord, Trigger } from '../../core/index.js';
import type { WallRule } from '../../triggers/index.js';

/** What looks wrong about a job's schedule. */
export interface LintFinding {
  readonly rule: 'neverFires' | 'firesOften' | 'clockChange' | 'sameSlot' | 'longerThanPeriod' | 'shortGrace';
  readonly jobIds: readonly string[];
  /** In a sentence, with what to do. */
  readonly text: string;
}

/** A job as it is looked at. */
export interface LintedJob {
  readonly job: JobRecord;
  readonly trigger: Trigger;
  /** What of it goes by a wall clock. */
  readonly rules: readonly WallRule[];
  readonly isShared: boolean;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 366 * DAY;
/** Fires within a minute that are more likely a slip than meant: each 5 s. */
const OFTEN = 12;
/** Fire times of a job that are looked at. */
const LOOKED_AT = 400;
/** Jobs rarer than this share a slot by accident. */
const RARE = HOUR;
/** Jobs that a sentence names; `jobIds` has all of them. */
const NAMED = 10;
/** A shared store is looked at this often when no wake-up arrives. */
const POLL = 5_000;

/** Looks at each job over the year to come, and at all of them together over a week. */
export function lintSchedule(jobs: readonly LintedJob[], now: Instant): LintFinding[] {
  const looked = jobs
    .filter(({ job, trigger }) => trigger.isDriven !== true && !trigger.runOnStart && job.status !== 'orphaned')
    .map((it) => ({ ...it, fires: firesOf(it, now) }));
  return [...looked.flatMap((it) => lintJob(it, now)), ...lintSlots(looked, now)];
}

interface Looked extends LintedJob {
  readonly fires: readonly Instant[];
}

function firesOf({ trigger }: LintedJob, now: Instant): Instant[] {
  const fires: Instant[] = [];
  let next = trigger.next(now);
  while (next !== null && next <= now + YEAR && fires.length < LOOKED_AT) {
    fires.push(next);
    next = trigger.next(next);
  }
  return fires;
}

function lintJob({ job, trigger, rules, isShared, fires }: Looked, now: Instant): LintFinding[] {
  const findings: LintFinding[] = [];
  const find = (rule: LintFinding['rule'], text: string): void =>
    void findings.push({ rule, jobIds: [job.id], text: `Job "${job.id}" ${text}` });
  if (fires.length === 0 && trigger.next(Date.UTC(9999, 0)) === null && isOver(job)) {
    find('neverFires', `does not fire again (${job.statusReason ?? 'past'}). Remove it, or give it times to come.`);
  }
  const perMinute = fires.filter((at) => at < (fires[0] ?? 0) + MINUTE).length;
  if (perMinute > OFTEN) {
    const advice =
      trigger instanceof CronTrigger
        ? 'Six fields begin with seconds: was the minute meant?'
        : 'Was a longer step meant?';
    find('firesOften', `fires ${perMinute} times a minute. ${advice}`);
  }
  const period = shortestPeriod(fires);
  const { timeout, misfireGraceTime } = job.policy;
  if (timeout !== null && timeout > period) {
    find('longerThanPeriod', `may take ${seconds(timeout)} and is due each ${seconds(period)}: runs are skipped then.`);
  }
  if (isShared && misfireGraceTime !== null && misfireGraceTime < POLL) {
    find(
      'shortGrace',
      `has a grace of ${seconds(misfireGraceTime)}, less than a poll of its store: runs may be missed.`,
    );
  }
  const change = clockChangeOf(rules, now);
  if (change !== null) find('clockChange', change);
  return findings;
}

/** What was added at run time and has done its work is no fault; it goes with its history. */
function isOver({ origin, status, fireTime }: JobRecord): boolean {
  return status === 'finished' ? origin !== 'runtime' : fireTime === null;
}

function clockChangeOf(rules: readonly WallRule[], now: Instant): string | null {
  const found = firstClockChange(rules, now, now + YEAR);
  if (found === null) return null;
  const { local, timezone, note } = found;
  return `falls into a change of the clocks at ${local} (${timezone}): ${note}. Choose a time outside of 00:00 to 03:00.`;
}

function shortestPeriod(fires: readonly Instant[]): number {
  let shortest = Infinity;
  for (let index = 1; index < fires.length; index++) shortest = Math.min(shortest, fires[index] - fires[index - 1]);
  return shortest;
}

/** Groups of rare jobs that are due together: told once a group. */
function lintSlots(jobs: readonly Looked[], now: Instant): LintFinding[] {
  const bySlot = new Map<Instant, string[]>();
  for (const { job, trigger, fires } of jobs) {
    if (shortestPeriod(fires) < RARE || trigger.jitter > 0) continue;
    for (const at of fires) {
      if (at > now + 7 * DAY) break;
      const ids = bySlot.get(at);
      if (ids === undefined) bySlot.set(at, [job.id]);
      else ids.push(job.id);
    }
  }
  const groups = new Map<string, { at: Instant; ids: readonly string[] }>();
  for (const [at, ids] of bySlot) {
    const key = ids.join('\n');
    if (ids.length > 1 && !groups.has(key)) groups.set(key, { at, ids });
  }
  return [...groups.values()].map(({ at, ids }) => ({
    rule: 'sameSlot',
    jobIds: ids,
    text:
      `${namesOf(ids)} are due together, first at ${new Date(at).toISOString()}. ` +
      `Spread them with H in place of the minute, or with jitter.`,
  }));
}

function namesOf(ids: readonly string[]): string {
  const named = ids.slice(0, NAMED).map((id) => `"${id}"`);
  return ids.length > NAMED ? `${named.join(', ')} and ${ids.length - NAMED} more` : named.join(', ');
}

function seconds(length: number): string {
  return `${length / 1000} s`;
}
