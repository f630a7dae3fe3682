import type {
  FinishReason,
  Instant,
  JobDefinition,
  JobRecord,
  NewJob,
  Trigger,
  TriggerCodec,
} from '../../core/index.js';
import { dueAtOf } from '../fire-times.js';
import { restFingerprint, triggerFingerprint } from './fingerprint.js';

/** What is put into every new row of one call. */
export interface Putting {
  /** Store time. */
  readonly now: Instant;
  readonly appVersion: string;
  readonly triggers: TriggerCodec;
  /** Fire times from here on count though they are past; null: those from now on. */
  readonly since?: Instant | null;
}

/** Where a job stands on its trigger. */
export type Position = Pick<JobRecord, 'fireTime' | 'dueAt' | 'status' | 'statusReason' | 'statusAt'>;

export function newJobOf(definition: JobDefinition, putting: Putting): NewJob {
  const { id, timezone } = definition;
  const trigger = definition.trigger.anchor({ now: putting.now, jobId: id, timezone });
  // One that counts from its start has none before it.
  const since = trigger.fixedDelay === null ? (putting.since ?? null) : null;
  const position = firstPosition(definition, trigger, since === null ? putting.now : since - 1);
  return {
    id,
    aliases: definition.aliases,
    name: definition.name,
    description: definition.description,
    tags: definition.tags,
    origin: definition.origin,
    task: definition.task,
    args: definition.args,
    trigger: putting.triggers.encode(trigger),
    timezone,
    policy: definition.policy,
    hooks: definition.hookNames,
    triggerFingerprint: triggerFingerprint(definition),
    restFingerprint: restFingerprint(definition),
    status: position.status,
    statusReason: position.statusReason,
    statusAt: position.statusAt,
    fireTime: position.fireTime,
    dueAt: position.dueAt,
    pause: null,
    runCount: 0,
    losses: 0,
    appVersion: putting.appVersion,
    createdAt: putting.now,
    updatedAt: putting.now,
  };
}

/**
 * The first fire time of a job that is put now. A job of the code whose fire times all lie in the past is finished and
 * makes no run; a date added at run time that is past runs at once (SEMANTICS 1).
 */
function firstPosition(job: Pick<JobRecord, 'id' | 'origin'>, trigger: Trigger, now: Instant): Position {
  const fireTime = trigger.first(now);
  if (fireTime !== null && (fireTime >= now || job.origin === 'runtime')) {
    const dueAt = fireTime < now ? now : dueAtOf(job.id, trigger, fireTime);
    return { fireTime, dueAt, status: 'active', statusReason: null, statusAt: null };
  }
  // Such a job has no fire time of its own at all, and is not at an end.
  if (fireTime === null && needsNoFireTime(trigger)) return standing(null, now);
  return standing('past', now);
}

/** Where a job goes on: its next fire time after `now`. */
export function nextPosition(job: Pick<JobRecord, 'id'>, trigger: Trigger, now: Instant): Position {
  const fireTime = trigger.next(now);
  if (fireTime === null) return needsNoFireTime(trigger) ? standing(null, now) : standing('ended', now);
  return { fireTime, dueAt: dueAtOf(job.id, trigger, fireTime), status: 'active', statusReason: null, statusAt: null };
}

/** A job of such a trigger is not at an end though no fire time is to come. */
export function needsNoFireTime({ runOnStart, isDriven = false }: Trigger): boolean {
  return runOnStart || isDriven;
}

function standing(finished: FinishReason | null, now: Instant): Position {
  if (finished === null) return { fireTime: null, dueAt: null, status: 'active', statusReason: null, statusAt: null };
  return { fireTime: null, dueAt: null, status: 'finished', statusReason: finished, statusAt: now };
}
