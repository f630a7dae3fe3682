export {
  BackfillTooLargeError,
  CodeJobError,
  DuplicateJobError,
  ReturnedFalseError,
  RunNotSettledError,
  SchedulerStateError,
  StuckTriggerError,
  UnknownJobError,
  UnknownRunError,
  UnknownStoreError,
} from './errors.js';
export { SkipRunSignal } from './ending.js';
export type { StartChange, StartChanges, StartReport } from './manage/code-jobs.js';
export type { AddOptions } from './manage/job-adding.js';
export type { JobChanges, PauseOptions, ResumeOptions } from './manage/job-commands.js';
export type { Driver, Tick } from './manage/driven-jobs.js';
export type { PreviewFire } from './manage/fire-line.js';
export { cuttable, PREVIEW_LIMIT } from './manage/preview.js';
export type { Cuttable } from './manage/preview.js';
export { BACKFILL_LIMIT } from './manage/run-commands.js';
export type { BackfillWindow, RunNowOptions } from './manage/run-commands.js';
export type { ScheduleDiff, ToAdd } from './manage/schedule-diff.js';
export type { LocatedJob } from './manage/stores.js';
export type { Why, WhyVerdict } from './manage/why.js';
export { compareVersions } from './manage/reconcile.js';
export { StoreHungError } from './patience.js';
export { admitRun, nextAfterClose, planRuns } from './plan.js';
export { isPausedAt } from './plan-draft.js';
export type { PlanWindow } from './plan-draft.js';
export type { RunThroughOptions } from './run-through.js';
export { Scheduler } from './scheduler.js';
export type { OpenAttempt, SchedulerState } from './scheduler.js';
export { DEFAULT_SCHEDULER_OPTIONS } from './scheduler-parts.js';
export type { NodeIdentity, SchedulerOptions, SchedulerParts, SchedulerRole } from './scheduler-parts.js';
export { StartFailedError } from './start-errors.js';
export { errorOf, resultOf } from './stored-values.js';
export {
  LeaseLostError,
  RunCancelledError,
  RunLostError,
  RunTimedOutError,
  SchedulerStoppedError,
  UncleanStopError,
} from './stop-errors.js';
