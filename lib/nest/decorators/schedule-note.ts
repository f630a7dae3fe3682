import { MethodMetadata } from '../method-metadata.js';
import { methodNote } from './method-note.js';

/** Names of the decorators that schedule a method. */
export type SchedulingDecorator = 'Cron' | 'Interval' | 'At' | 'Timeout' | 'Scheduled';

/** What a scheduling decorator was given; read when the application starts, for the injector is needed then. */
export interface ScheduleNote {
  readonly decorator: SchedulingDecorator;
  /** As written, each a value or a function of the injector. */
  readonly given: readonly unknown[];
}

export const scheduleNotes = new MethodMetadata<ScheduleNote>('schedules');

export function scheduling(decorator: SchedulingDecorator, given: readonly unknown[]): MethodDecorator {
  return methodNote(decorator, scheduleNotes, { decorator, given });
}
