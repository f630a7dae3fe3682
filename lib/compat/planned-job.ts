import type { DecoratedMethod, IntervalDecoratorOptions, ScheduleNote } from '../nest/index.js';
import type { CronTime } from './cron-time.js';
import type { PeerKind, PeerNote } from './peer-note.js';
import type { SchedulerKind } from './messages.js';

/** What a kind of job is called in messages. */
export const KIND_NAMES: Readonly<Record<PeerKind, SchedulerKind>> = {
  cron: 'Cron Job',
  interval: 'Interval',
  timeout: 'Timeout',
};

export type FoundMethod = DecoratedMethod<PeerNote>;

/** A decorated method's job as the registry of this entry knows it. */
export interface PlannedJob {
  readonly kind: PeerKind;
  /** In the registry of this entry, unique for its kind. */
  readonly name: string;
  /** In the scheduler, unique for the application. */
  readonly id: string;
  readonly task: string;
  readonly method: FoundMethod;
  readonly note: PeerNote;
  /** null: no cron. */
  readonly time: CronTime | null;
  /** In a store that other processes see. */
  readonly isShared: boolean;
  /** By a timer of the platform instead of the scheduler's own. */
  readonly isNative: boolean;
}

/** The job in the form of the main entry's decorators. */
export function scheduleNoteOf(job: PlannedJob, defaults: IntervalDecoratorOptions, driven: unknown): ScheduleNote {
  const options = { ...defaults, id: job.id, ...(job.note.name ? { name: job.note.name } : {}) };
  if (job.isNative) return { decorator: 'Scheduled', given: [driven, options] };
  if (job.kind === 'interval') return { decorator: 'Interval', given: [job.note.length, options] };
  if (job.kind === 'timeout') return { decorator: 'Timeout', given: [job.note.length, options] };
  const time = job.time as CronTime;
  return { decorator: 'Scheduled', given: [time.trigger, { ...options, timezone: time.zone }] };
}

/** Options of a cron job, as this package calls them. */
export function cronPolicy({ peer, own }: PeerNote, isShared: boolean): IntervalDecoratorOptions {
  const { waitForCompletion, threshold, disabled } = peer;
  return {
    ...(waitForCompletion === true ? { overlap: 'skip', maxInstances: 1 } : {}),
    ...(threshold === undefined ? {} : { misfireGraceTime: { milliseconds: Math.max(1, Math.abs(threshold)) } }),
    ...(disabled === true && isShared ? { enabled: false } : {}),
    ...own,
  };
}

/** Whether anybody said how runs of the job may overlap. */
export function saysOverlap(options: object): boolean {
  return ['overlap', 'maxInstances', 'withoutOverlapping'].some((name) => name in options);
}
