import type { ScheduleNote } from '../decorators/index.js';
import type { DecoratedMethod, Double, Host } from '../discovery/index.js';

/** Token under which another entry of this package adds to the scheduler of an application. */
export const SCHEDULER_EXTENSION = Symbol.for('nest-carillon:extension');

/** Methods that decorators of another entry schedule, in the form of this one's own. */
export interface AddedMethods {
  readonly methods: readonly DecoratedMethod<ScheduleNote>[];
  readonly doubles: readonly Double[];
}

/** Decorators of another entry: their jobs are defined together with all others of the code. */
export interface SchedulerExtension {
  /** Once, when the application starts; `own` are the methods that this entry's decorators schedule. */
  discover(hosts: readonly Host[], own: readonly DecoratedMethod<ScheduleNote>[]): AddedMethods;
}

export const NO_ADDITION: AddedMethods = Object.freeze({ methods: [], doubles: [] });
