export {
  ConflictingFrequenciesError,
  InvalidScheduleError,
  MissingFrequencyError,
  ScheduleClosedError,
  UnknownScheduleMethodError,
  UnnamedFunctionError,
} from './errors.js';
export { ConstrainedJob } from './constrained-job.js';
export type { MinuteOffset, Weekday } from './field-text.js';
export { JobModifiers } from './job-modifiers.js';
export type { FluentWork, ProvidedClass, WorkFunction } from './job-state.js';
export type { Macro, ScheduleMacros } from './macros.js';
export { ScheduleBook } from './job-state.js';
export { FluentSchedule, jobsOf } from './schedule.js';
export type { ExecSurroundings, FluentJob, GroupAttributes, WorkArguments } from './schedule.js';
export { ScheduledJob } from './scheduled-job.js';
