import type { JobContext } from '../../lib/core/index.js';
import { FluentSchedule, jobsOf, ScheduleBook } from '../../lib/fluent/index.js';
import type { FluentJob } from '../../lib/fluent/index.js';

/** Job options as a room that wires the schedule gives them, as far as these tests need them. */
export interface Options {
  readonly id?: string;
  readonly name?: string;
  readonly timezone?: string;
  readonly tags?: readonly string[];
  readonly store?: string;
  readonly maxInstances?: number;
  readonly when?: (job: JobContext) => unknown;
  readonly skip?: (job: JobContext) => unknown;
  readonly before?: (job: JobContext) => unknown;
  readonly after?: (job: JobContext) => unknown;
  readonly output?: object;
  readonly timeout?: number | string;
  readonly misfireGraceTime?: number | string;
  readonly retry?: { readonly attempts?: number; readonly delay?: number | string };
}

export type TestSchedule = FluentSchedule<Options>;

/** The jobs that `define` makes. */
export function jobsBy(define: (schedule: TestSchedule) => unknown): FluentJob<Options>[] {
  const book = new ScheduleBook();
  define(new FluentSchedule<Options>(book));
  return jobsOf(book);
}

export function work(): void {
  // Nothing is run here.
}
