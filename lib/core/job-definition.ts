import type { HookKind } from './hook-kind.js';
import type { JobHooks } from './hooks.js';
import type { JobOrigin } from './job-record.js';
import type { JobPolicy } from './policy.js';
import type { JsonValue } from './time.js';
import type { CommandTask, ExecTask } from './task.js';
import type { Trigger } from './trigger.js';

/** What every way of defining a job ends in. Defaults are filled in; the trigger is not anchored yet. */
export interface JobDefinition {
  readonly id: string;
  /** Former ids: a row found under one of them is renamed, nothing else moves. */
  readonly aliases: readonly string[];
  readonly name: string | null;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly origin: JobOrigin;
  readonly task: string;
  /** A command or process behind the task's name, which code alone describes: no row keeps it. Absent: a method or function. */
  readonly work?: CommandTask | ExecTask;
  readonly args: readonly JsonValue[];
  readonly trigger: Trigger;
  readonly timezone: string;
  /** Alias of the store. */
  readonly store: string;
  readonly policy: JobPolicy;
  /** Hooks by name, kept in the row. */
  readonly hookNames: Partial<Record<HookKind, readonly string[]>> | null;
  /** Hooks as functions of this process; code and memory jobs only. */
  readonly hooks: JobHooks | null;
  /** false: put nowhere, never claimed, listed as not enabled. */
  readonly enabled: boolean;
  /** Not enabled, but for its `environments` alone: which says nothing of nodes in others. */
  readonly isOffByEnvironment?: boolean;
  /** Where it was written, for messages: `ReportsService.send (@Cron)`. */
  readonly definedAt: string;
}
