import type { Instant, JobPatch, JobRecord, NewJob, RunRecord, Trigger } from '../../core/index.js';
import { dueAtOf } from '../fire-times.js';
import { needsNoFireTime, nextPosition } from './new-job.js';
import type { Position, Putting } from './new-job.js';

/** Negative: the first is the older one. As in semver: 1.2 < 1.10, 2.0.0-rc.1 < 2.0.0, and what follows a + says nothing. */
export function compareVersions(one: string, other: string): number {
  const [mine, theirs] = [versionOf(one), versionOf(other)];
  const difference = compareParts(mine.release, theirs.release);
  if (difference !== 0) return difference;
  if (mine.preview === null || theirs.preview === null)
    return Number(mine.preview === null) - Number(theirs.preview === null);
  return compareParts(mine.preview, theirs.preview);
}

/**
 * What a start does to a job of the code that is in its store already (DESIGN, "Start"): same fingerprints, nothing
 * moves; options changed, they are updated; trigger or zone changed, the next fire time is computed anew, but one that
 * is due already stays due. A pause and the history stay. An older version of the application changes nothing.
 *
 * @param isRenewed its times count from this start, so the next fire time is computed anew though nothing changed
 */
export function reconcileCode(
  existing: JobRecord,
  incoming: NewJob,
  putting: Putting,
  isRenewed = false,
): JobPatch | null | 'refuse' {
  if (existing.origin !== 'code') return 'refuse';
  if (compareVersions(incoming.appVersion, existing.appVersion) < 0) return null;
  const patch = {
    ...takenBack(existing, incoming, putting),
    ...(existing.triggerFingerprint === incoming.triggerFingerprint && !isRenewed
      ? {}
      : triggerPatch(existing, incoming, putting)),
    ...(existing.restFingerprint === incoming.restFingerprint ? {} : restPatch(incoming)),
  };
  if (Object.keys(patch).length === 0) return null;
  return { ...patch, appVersion: incoming.appVersion, withdraw: true };
}

/** A job that was set aside goes on, now that a live node has it in its code. */
function takenBack(existing: JobRecord, incoming: NewJob, putting: Putting): JobPatch {
  if (existing.status !== 'orphaned' && existing.status !== 'unresolved') return {};
  try {
    return nextPosition(existing, putting.triggers.decode(existing.trigger), putting.now);
  } catch {
    // What could not be read is written anew.
    return triggerPatch(existing, incoming, putting);
  }
}

/** What a job added at run time becomes when the same id is added again. */
export function replacement(
  existing: JobRecord,
  incoming: NewJob,
  putting: Pick<Putting, 'now' | 'triggers'>,
): JobPatch {
  const { aliases: _aliases, id: _id, createdAt: _createdAt, ...fields } = incoming;
  return { ...fields, ...startOf(existing, incoming, putting), replace: true };
}

/** When a job gets another trigger, and its open and buffered runs of then. */
export interface Moving {
  readonly now: Instant;
  readonly unsettled: readonly RunRecord[];
}

/** The next fire time after a change of trigger; one that is due already stays due, and one that has its run gets no other. */
export function movedPosition(
  existing: JobRecord,
  trigger: Trigger,
  { now, unsettled }: Moving,
): Pick<JobPatch, 'fireTime' | 'dueAt' | 'status' | 'statusReason' | 'statusAt'> {
  const { fireTime, dueAt } = existing;
  if (fireTime !== null && dueAt !== null && dueAt <= now && existing.status === 'active') return {};
  const first = trigger.first(now);
  // A date is to come again though it is past; its run may have been claimed ahead, and nobody takes that back any more.
  const own = unsettled.filter((run) => run.kind === 'scheduled' && run.jobGeneration === existing.generation);
  const hasRun = own.some((run) => run.fireTime === first && run.dueAt <= now);
  const next = first !== null && hasRun ? trigger.next(first) : first;
  const isFinished = next === null && !needsNoFireTime(trigger);
  return {
    fireTime: next,
    dueAt: next === null ? null : Math.max(now, dueAtOf(existing.id, trigger, next)),
    status: isFinished ? 'finished' : 'active',
    statusReason: isFinished ? 'ended' : null,
    statusAt: isFinished ? now : null,
  };
}

function triggerPatch(existing: JobRecord, incoming: NewJob, putting: Putting): JobPatch {
  const { trigger, timezone, triggerFingerprint } = incoming;
  const isDue = existing.status === 'active' && existing.dueAt !== null && existing.dueAt <= putting.now;
  const position = isDue ? {} : startOf(existing, incoming, putting);
  return { trigger, timezone, triggerFingerprint, runCount: 0, ...position };
}

/** Where an incoming job begins: a fire time that was to come when it was made, and has begun since, has its run already. */
function startOf(
  existing: JobRecord,
  incoming: NewJob,
  { now, triggers }: Pick<Putting, 'now' | 'triggers'>,
): Position {
  const { fireTime, dueAt, status, statusReason, statusAt, createdAt } = incoming;
  if (fireTime === null || fireTime < createdAt || fireTime > now || !hasBegun(existing, fireTime, { now, triggers })) {
    return { fireTime, dueAt, status, statusReason, statusAt };
  }
  return nextPosition(incoming, triggers.decode(incoming.trigger), fireTime);
}

/** The job's plan has gone on behind this fire time, and nobody takes its run back any more. */
function hasBegun(job: JobRecord, fireTime: Instant, { now, triggers }: Pick<Putting, 'now' | 'triggers'>): boolean {
  if (job.fireTime === null ? job.statusReason !== 'ended' : job.fireTime <= fireTime) return false;
  try {
    const trigger = triggers.decode(job.trigger);
    return trigger.first(fireTime - 1) === fireTime && dueAtOf(job.id, trigger, fireTime) <= now;
  } catch {
    // What cannot be read made no run.
    return false;
  }
}

function restPatch(incoming: NewJob): JobPatch {
  const { name, description, tags, task, args, policy, hooks, restFingerprint } = incoming;
  return { name, description, tags, task, args, policy, hooks, restFingerprint };
}

function versionOf(version: string): { release: string[]; preview: string[] | null } {
  const [text] = version.split('+');
  const dash = text.indexOf('-');
  if (dash < 0) return { release: text.split('.'), preview: null };
  return { release: text.slice(0, dash).split('.'), preview: text.slice(dash + 1).split('.') };
}

function compareParts(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < Math.max(one.length, other.length); at++) {
    const difference = comparePart(one[at] ?? '', other[at] ?? '');
    if (difference !== 0) return difference;
  }
  return 0;
}

function comparePart(one: string, other: string): number {
  if (one === other) return 0;
  const [a, b] = [one === '' ? -1 : Number(one), other === '' ? -1 : Number(other)];
  if (Number.isInteger(a) && Number.isInteger(b)) return a - b;
  return one < other ? -1 : 1;
}
