import type { HookKind } from './hook-kind.js';
import type { JobContext } from './job-context.js';
import type { Outcome, RunError } from './run-record.js';
import type { JsonValue } from './time.js';

/** What hooks after an attempt are told. */
export interface HookOutcome {
  readonly outcome: Outcome;
  readonly error: RunError | null;
  readonly result: JsonValue | null;
  readonly output: string | null;
}

/** One condition or hook, ready to be called: dependencies are injected already. */
export interface Hook {
  /** Shown in skip records and logs: `ReportsService.isBusinessHours`, or the function's name. */
  readonly name: string;
  call(context: JobContext, outcome?: HookOutcome): unknown;
}

export type JobHooks = Partial<Record<HookKind, readonly Hook[]>>;
