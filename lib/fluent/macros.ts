import { InvalidScheduleError } from './errors.js';

/**
 * Frequencies and modifiers of the application's own. Declare each by merging, then define it with `Schedule.macro`.
 *
 * @example
 * ```ts
 * declare module 'nest-carillon' {
 *   interface ScheduleMacros { workdaysAt(time: string): this }
 * }
 * Schedule.macro('workdaysAt', (job, time) => job.weekdays().dailyAt(time));
 * ```
 */
// Empty until the application declares some.
// eslint-disable-next-line @typescript-eslint/no-empty-object-type
export interface ScheduleMacros {}

/** What a macro does to a job. */
export type Macro = (job: never, ...args: never[]) => unknown;

const macros = new Map<string, Macro>();

/** @throws {InvalidScheduleError} for a name that is a method already, or what is no function */
export function defineMacro(name: string, macro: Macro, known: ReadonlySet<string>): void {
  if (typeof name !== 'string' || !/^[A-Za-z_$][\w$]*$/.test(name)) {
    throw new InvalidScheduleError('macro', name, 'Its name is that of a method.');
  }
  if (known.has(name))
    throw new InvalidScheduleError('macro', name, 'The schedule has such a method: choose another name.');
  if (typeof macro !== 'function') throw new InvalidScheduleError('macro', macro, 'It is a function of the job.');
  macros.set(name, macro);
}

export function macroNamed(name: string): Macro | undefined {
  return macros.get(name);
}

export function macroNames(): readonly string[] {
  return [...macros.keys()];
}
